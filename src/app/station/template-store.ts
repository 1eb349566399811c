import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ActiveLoyalty } from "../../config/loyalty.ts";
import { GatewayError } from "../../core/errors.ts";
import type { Log } from "../../core/lifecycle.ts";
import {
  type GatewayKey,
  KeyFromCentre,
  keyInCredential,
  keyInFile,
} from "../../io/vault/gateway-key.ts";
import { SealedTemplates, type VaultConsent } from "../../io/vault/sealed-templates.ts";
import type { Eraser } from "../consent/erasure-duty.ts";

export interface TemplateStoreDeps {
  readonly stateDir: string;
  readonly loyalty: Pick<ActiveLoyalty, "tenantId" | "jurisdiction" | "keyLevel">;
  /** $CREDENTIALS_DIRECTORY; undefined where systemd gave none. */
  readonly credentials: string | undefined;
  /** The consents; asked for when something is opened, so that they may be opened after this. */
  readonly consent: () => VaultConsent;
  readonly log: Log;
}

/**
 * The vault of a gateway, opened when it is first needed. What is wrong with it is a line of the log and a refusal at the
 * station; a request to erase is then not answered as done, and tried again.
 */
export class TemplateStore {
  /** Where the centre's key goes; null where the key comes from elsewhere. */
  readonly centreKey: KeyFromCentre | null;
  /** For the consent desk: shreds templates, and says of whom there are any. */
  readonly eraser: Eraser;
  readonly #deps: TemplateStoreDeps;
  readonly #key: GatewayKey;
  #vault: SealedTemplates | null = null;
  #said: string | null = null;

  constructor(deps: TemplateStoreDeps) {
    const { stateDir, loyalty, credentials } = deps;
    this.#deps = deps;
    this.centreKey = loyalty.keyLevel === "centre" ? new KeyFromCentre() : null;
    if (this.centreKey !== null) this.centreKey.onChange = () => this.#vault?.forgetKey();
    const kept =
      loyalty.keyLevel === "file"
        ? keyInFile(join(stateDir, "template-key"))
        : keyInCredential(credentials);
    this.#key = this.centreKey ?? kept;
    this.eraser = {
      name: "templates",
      erase: ({ tenantId, subjectRef, purposes }) => {
        if (tenantId !== loyalty.tenantId || !purposes.includes("loyalty-face")) return 0;
        return this.#isBegun() && this.#open().shred(subjectRef) ? 1 : 0;
      },
      tidy: () => void this.#vault?.tidy(),
      holders: {
        purpose: "loyalty-face",
        subjects: () => (this.#isBegun() ? (this.vault?.subjects() ?? []) : []),
      },
    };
  }

  /** The vault; null while it cannot be used. */
  get vault(): SealedTemplates | null {
    try {
      const vault = this.#open();
      this.#said = null;
      return vault;
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      // Asked for every ten seconds: what lasts is said once.
      if (this.#said === error.message) return null;
      this.#said = error.message;
      const fields = { event: "vault.fault", code: error.code, err: error };
      this.#deps.log.error(fields, error.message);
      return null;
    }
  }

  close(): void {
    this.#vault?.close();
    this.#vault = null;
  }

  /** A gateway that never kept a template has no files of it. */
  #isBegun(): boolean {
    return this.#vault !== null || existsSync(join(this.#deps.stateDir, "template-keys.bin"));
  }

  #open(): SealedTemplates {
    const { stateDir, loyalty, consent, log } = this.#deps;
    const terms = { folder: stateDir, tenantId: loyalty.tenantId, key: this.#key, consent, log };
    this.#vault ??= new SealedTemplates(terms);
    return this.#vault;
  }
}
