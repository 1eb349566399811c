/** The faults of consents, members and their templates: part of `FAULTS`, whose rules hold. */
export const CONSENT_FAULTS = {
  CONSENT_LEDGER_DAMAGED: {
    summary: "The consent ledger is not as it was written.",
    hint: "Nobody is matched, compared or enrolled until it is put right; counting goes on. `vitrine consent verify` names the first broken entry. Restore `consent.db` from a backup and run `vitrine consent restored`, or move it and `consent.head` away: a new ledger begins, templates without a consent are destroyed, and everyone is asked again.",
    retry: "operator",
  },
  CONSENT_LEDGER_UNAVAILABLE: {
    summary: "The consent ledger cannot be opened or written.",
    hint: "What was taken back is in force all the same and is written as soon as that works. Check owner, mode and free space of `stateDir`; a ledger of a newer version needs that version. Found at the start: restart the gateway once it is put right; counting goes on meanwhile, nobody is matched.",
    retry: "backoff",
  },
  CONSENT_REFUSED: {
    summary: "A consent was not written.",
    hint: "The sentence before says why; nothing was changed. The rules stand in docs/privacy.md.",
    retry: "never",
  },
  MEMBERS_DAMAGED: {
    summary: "The members' file of a shop without a centre is damaged.",
    hint: "Nobody is recognised by what they carry until it is put right; codes at the station and everything else work. Restore `members.db` from a backup, or move it away: consents stay, and members are registered anew with `--subject`.",
    retry: "operator",
  },
  MEMBERS_UNAVAILABLE: {
    summary: "The members' file of a shop without a centre, or its key, cannot be used.",
    hint: "Nobody new is recognised by what they carry meanwhile; it is tried again every ten seconds. Check owner, mode and free space of `stateDir`; a file of a newer version needs that version. A lost `members-key` cannot be replaced: move `members.db` away, and members are registered anew with `--subject`.",
    retry: "backoff",
  },
  MEMBER_REFUSED: {
    summary: "A member was not registered, changed or found.",
    hint: "The sentence before says why; nothing was changed. See docs/loyalty.md.",
    retry: "never",
  },
  CENTRE_UNREACHABLE: {
    summary: "The API of the centre does not answer.",
    hint: "Nothing was changed. Check that the centre runs and that `--api` is its address.",
    retry: "backoff",
  },
  CENTRE_REFUSED: {
    summary: "The centre refused what it was asked for.",
    hint: "Nothing was changed. The sentence before says why; a key needs the scope, and its name must stand in `apiKeys` of the tenant.",
    retry: "never",
  },
  LOYALTY_KEY_WRONG: {
    summary: "The members of the centre were sealed with another key.",
    hint: "Nothing was changed. Give the centre the key of before (`keyFile` of the loyalty file, or VITRINE_LOYALTY_KEY). If it is lost, so are the members: delete the documents of kind loyalty-*, and everyone is registered anew.",
    retry: "operator",
  },
  TEMPLATE_VAULT_UNAVAILABLE: {
    summary: "Templates of faces or their key cannot be used.",
    hint: "Nobody is known by face meanwhile; codes and cards work, and so does everything else. Check owner, mode and free space of `stateDir` and the key that `loyalty.keyLevel` names (docs/privacy.md). A key that is lost cannot be replaced: move `templates.bin` and `template-keys.bin` away, and members enrol again.",
    retry: "operator",
  },
} as const;
