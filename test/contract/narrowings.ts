/** A JSON Schema as far as a contract may use it. */
export type Schema = Readonly<Record<string, unknown>>;

/** Bounds where a larger number accepts less, and where a smaller one does. */
const LOWER = ["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"];
const UPPER = ["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"];
/** Conditions that cannot be compared: only their absence accepts more. */
const OPAQUE = ["pattern", "format"];
const SAYS_NOTHING = ["$schema", "$id", "title", "description", "default", "examples", "readOnly"];
const KNOWN = new Set([
  ...LOWER,
  ...UPPER,
  ...OPAQUE,
  ...SAYS_NOTHING,
  ...["type", "enum", "const", "anyOf", "oneOf", "allOf", "items", "prefixItems"],
  ...["properties", "required", "additionalProperties", "propertyNames"],
]);

/**
 * Where `next` may refuse what `last` accepted, as JSON paths with the reason; empty when every message of the last
 * release is still a message. Errs on the side of a narrowing: what it cannot compare counts as one. Pure.
 */
export function narrowings(last: unknown, next: unknown, path = "$"): readonly string[] {
  if (isAnything(next)) return [];
  if (next === false) return last === false ? [] : [`${path}: nothing is accepted any more`];
  if (last === false) return [];
  const before = isAnything(last) ? {} : (last as Schema);
  const after = next as Schema;
  const unknown = [...Object.keys(before), ...Object.keys(after)].filter((key) => !KNOWN.has(key));
  if (unknown.length > 0) return [`${path}: cannot compare ${[...new Set(unknown)].join(", ")}`];
  const branches = branchesOf(before);
  if (branches !== null)
    return branches.flatMap((branch, n) => narrowings(branch, after, `${path}(${n})`));
  const accepting = branchesOf(after);
  if (accepting !== null)
    return accepting.some((branch) => narrowings(before, branch, path).length === 0)
      ? []
      : [`${path}: no alternative accepts what was accepted`];
  return [
    ...ofConjunction(before, after, path),
    ...ofValues(before, after, path),
    ...ofBounds(before, after, path),
    ...ofItems(before, after, path),
    ...ofProperties(before, after, path),
  ];
}

const isAnything = (schema: unknown): boolean =>
  schema === undefined ||
  schema === true ||
  (typeof schema === "object" &&
    schema !== null &&
    Object.keys(schema).every((key) => SAYS_NOTHING.includes(key)));

/** Alternatives, each with the conditions that stand beside them. */
function branchesOf({ anyOf, oneOf, ...rest }: Schema): Schema[] | null {
  const branches = (anyOf ?? oneOf) as Schema[] | undefined;
  if (branches === undefined) return null;
  return branches.map((branch) => ({ ...rest, ...branch }));
}

function ofConjunction(before: Schema, after: Schema, path: string): string[] {
  const were = (before["allOf"] as Schema[] | undefined) ?? [];
  const are = (after["allOf"] as Schema[] | undefined) ?? [];
  return are.flatMap((part, n) => narrowings(were[n] ?? {}, part, `${path}&${n}`));
}

function ofValues(before: Schema, after: Schema, path: string): string[] {
  const allowed = valuesOf(after);
  const were = valuesOf(before);
  if (allowed !== null) {
    const gone = were?.filter((value) => !allowed.includes(value)) ?? ["any other value"];
    return gone.length === 0 ? [] : [`${path}: refuses ${gone.join(", ")}`];
  }
  const types = typesOf(after);
  if (types === null) return [];
  const had = typesOf(before) ?? were?.map((value) => typeof JSON.parse(value)) ?? ["any type"];
  const gone = had.filter(
    (type) => !types.includes(type) && !(type === "integer" && types.includes("number")),
  );
  return gone.length === 0 ? [] : [`${path}: refuses type ${gone.join(", ")}`];
}

function valuesOf(schema: Schema): string[] | null {
  if ("const" in schema) return [JSON.stringify(schema["const"])];
  const listed = schema["enum"] as unknown[] | undefined;
  return listed?.map((value) => JSON.stringify(value)) ?? null;
}

function typesOf({ type }: Schema): string[] | null {
  if (type === undefined) return null;
  return Array.isArray(type) ? (type as string[]) : [String(type)];
}

function ofBounds(before: Schema, after: Schema, path: string): string[] {
  // A fixed set of values was compared already; bounds beside it say nothing more.
  if (valuesOf(before) !== null) return [];
  const isTighter = (key: string, sign: 1 | -1): boolean => {
    const [was, is] = [before[key], after[key]] as (number | undefined)[];
    return is !== undefined && (was === undefined || sign * (is - was) > 0);
  };
  const found = [
    ...LOWER.filter((key) => isTighter(key, 1)),
    ...UPPER.filter((key) => isTighter(key, -1)),
    ...OPAQUE.filter((key) => after[key] !== undefined && after[key] !== before[key]),
  ];
  return found.map((key) => `${path}: ${key} ${before[key] ?? "none"} became ${after[key]}`);
}

function ofItems(before: Schema, after: Schema, path: string): string[] {
  const were = (before["prefixItems"] as Schema[] | undefined) ?? [];
  const are = (after["prefixItems"] as Schema[] | undefined) ?? [];
  const prefixes = are.flatMap((item, n) =>
    narrowings(were[n] ?? before["items"], item, `${path}[${n}]`),
  );
  return [...prefixes, ...narrowings(before["items"], after["items"], `${path}[]`)];
}

function ofProperties(before: Schema, after: Schema, path: string): string[] {
  const were = (before["properties"] as Schema | undefined) ?? {};
  const are = (after["properties"] as Schema | undefined) ?? {};
  const required = new Set((before["required"] as string[] | undefined) ?? []);
  const demanded = ((after["required"] as string[] | undefined) ?? []).filter(
    (name) => !required.has(name),
  );
  const others = before["additionalProperties"];
  const names = new Set([...Object.keys(were), ...(others === false ? [] : Object.keys(are))]);
  return [
    ...demanded.map((name) => `${path}.${name}: is required now`),
    ...[...names].flatMap((name) =>
      narrowings(
        name in were ? were[name] : others,
        name in are ? are[name] : after["additionalProperties"],
        `${path}.${name}`,
      ),
    ),
    ...narrowings(others, after["additionalProperties"], `${path}.*`),
    ...narrowings(before["propertyNames"], after["propertyNames"], `${path}.(name)`),
  ];
}
