import { holdToLoyalty } from "../brokers/loyalty-conformance.ts";
import { BROKERS } from "../brokers/test-broker.ts";

for (const name of BROKERS) holdToLoyalty(name);
