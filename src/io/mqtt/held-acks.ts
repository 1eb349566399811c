import type { MqttClient } from "mqtt";

/** Ends the handling of one message; with an error mqtt.js gives the connection up. */
type Done = (error?: Error) => void;

interface Packet {
  readonly cmd: string;
  readonly messageId?: number;
}

interface Held {
  readonly messageId: number;
  /** The acknowledgement mqtt.js wanted to send; null while it has not got that far. */
  packet: Packet | null;
  isFree: boolean;
}

/** The part of mqtt.js that sends a packet; it is not public, so a test holds it against the pinned version. */
interface PacketSender {
  _sendPacket(packet: Packet, done?: Done, ...rest: unknown[]): void;
}

/**
 * Lets mqtt.js hand over the next message before the one at hand is acknowledged to the broker. It knows only one at a
 * time: it acknowledges a message and goes on in one step. So the step is let through at once, and the acknowledgement
 * it sends is held back until the message is free. They leave in the order of the messages, as MQTT demands. At most
 * `limit` messages are held; then nothing more is taken off the line.
 */
export class HeldAcks {
  readonly #client: MqttClient;
  readonly #limit: number;
  readonly #send: PacketSender["_sendPacket"];
  readonly #held: Held[] = [];
  /** The step of the last message held, when the limit is reached. */
  #waiting: Done | null = null;

  constructor(client: MqttClient, limit: number) {
    this.#client = client;
    this.#limit = limit;
    // mqtt.js declares the method private; the fence around it is in the types only.
    const sender = client as unknown as PacketSender;
    this.#send = sender._sendPacket.bind(sender);
    sender._sendPacket = (packet, done, ...rest): void => {
      const held = packet.cmd === "puback" ? this.#find(packet.messageId) : undefined;
      if (held === undefined) {
        this.#send(packet, done, ...rest);
        return;
      }
      held.packet = packet;
      done?.();
    };
  }

  /** Takes a message of QoS 1 and lets the line go on; call the answer when it may be acknowledged. */
  hold(messageId: number, step: Done): Done {
    const held: Held = { messageId, packet: null, isFree: false };
    this.#held.push(held);
    if (this.#held.length < this.#limit) step();
    else this.#waiting = step;
    return (error) => {
      if (error !== undefined) {
        step(error);
        return;
      }
      held.isFree = true;
      this.#flush();
    };
  }

  #find(messageId: number | undefined): Held | undefined {
    return this.#held.find((one) => one.messageId === messageId);
  }

  #flush(): void {
    for (;;) {
      const head = this.#held[0];
      if (head?.isFree === true && head.packet !== null) {
        this.#held.shift();
        // On a connection that is gone the broker delivers again.
        if (this.#client.connected) this.#send(head.packet);
      } else if (this.#waiting !== null && (head?.isFree === true || this.#isBelowLimit())) {
        const step = this.#waiting;
        this.#waiting = null;
        step();
      } else return;
    }
  }

  #isBelowLimit(): boolean {
    return this.#held.length < this.#limit;
  }
}
