/** The page is in the shop's network: its token must not be one that can be guessed. */
const LEAST_CHARACTERS = 16;

/** What is wrong with a token of the station's page; null: nothing. Pure. */
export function tokenFault(token: string): string | null {
  if (token.length >= LEAST_CHARACTERS) return null;
  return `the token of the station has fewer than ${LEAST_CHARACTERS} characters`;
}
