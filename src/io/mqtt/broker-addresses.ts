/** The addresses of a broker's nodes, gone round for ever. */
export class BrokerAddresses {
  readonly #urls: readonly string[];
  #index = 0;

  /** Begins at a random one, so that the gateways of a chain spread over the nodes. `url` must not be an empty list. */
  constructor(url: string | readonly string[], random: () => number) {
    this.#urls = typeof url === "string" ? [url] : url;
    if (this.#urls.length > 1) this.#index = Math.floor(random() * this.#urls.length);
  }

  /** The address whose turn it is; may hold a password. */
  get url(): string {
    const url = this.#urls[this.#index];
    if (url === undefined) throw new TypeError("a broker has at least one address");
    return url;
  }

  /** Host and port of it, for the log. */
  get host(): string {
    return new URL(this.url).host;
  }

  /** The next one takes its turn. */
  next(): void {
    this.#index = (this.#index + 1) % this.#urls.length;
  }
}
