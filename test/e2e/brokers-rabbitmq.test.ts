import { holdToContract } from "../brokers/conformance.ts";

holdToContract("rabbitmq");
