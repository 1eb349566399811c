/** Whether a count must not be shown: so few that it may be about one person. Nobody is no person. Pure. */
export function isSmallCell(count: number, least: number): boolean {
  return count > 0 && count < least;
}
