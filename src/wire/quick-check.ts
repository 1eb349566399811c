import { z } from "zod";

/**
 * Tells whether a schema takes a value, for values as `JSON.parse` makes them. True is certain. False may also mean "in
 * doubt": then ask the schema, which is slower by an order of magnitude and can say what is wrong.
 */
export type QuickCheck = (value: unknown) => boolean;

/** A check with what the schema makes of a value it takes. */
export interface CompiledCheck {
  readonly accepts: QuickCheck;
  /**
   * Whether the schema hands an accepted value on unchanged, but for the order of declared keys: no transform, no
   * default, no key left out.
   */
  readonly isPlain: boolean;
}

interface Field {
  readonly accepts: QuickCheck;
  readonly isRequired: boolean;
}

/** Formats that are nothing but their pattern. */
const PATTERN_FORMATS: ReadonlySet<string> = new Set(["regex", "uuid", "datetime"]);

/**
 * Builds a quick check from a schema, so that there is one statement of what is allowed. What it does not know, a type or
 * a rule, is asked of the schema itself: a schema that learns something new becomes slower, never laxer.
 */
export function compileCheck(schema: z.core.$ZodType): CompiledCheck {
  const type = compileType(schema as z.core.$ZodTypes);
  const rules = type === null ? [] : rulesOf(schema, type);
  if (type === null || rules === null)
    return { accepts: (value) => z.safeParse(schema, value).success, isPlain: false };
  return { accepts: both(type.accepts, rules), isPlain: type.isPlain };
}

function both(type: QuickCheck, rules: readonly QuickCheck[]): QuickCheck {
  const [first, second] = rules;
  if (first === undefined) return type;
  if (second === undefined) return (value) => type(value) && first(value);
  if (rules.length === 2) return (value) => type(value) && first(value) && second(value);
  return (value) => type(value) && rules.every((rule) => rule(value));
}

/** Null for a type that is not known here. */
function compileType(schema: z.core.$ZodTypes): CompiledCheck | null {
  const def = schema._zod.def;
  switch (def.type) {
    case "string":
      return "coerce" in def && def.coerce === true ? null : plain(isText);
    case "number":
      return "coerce" in def && def.coerce === true ? null : plain(Number.isFinite);
    case "boolean":
      return "coerce" in def && def.coerce === true ? null : plain(isBoolean);
    case "unknown":
      return plain(isAnything);
    case "never":
      return plain(() => false);
    case "literal":
      return plain(oneOf(def.values));
    case "enum":
      return plain(oneOf([...(schema._zod.values ?? [])]));
    case "nullable": {
      const { accepts, isPlain } = compileCheck(def.innerType);
      return { accepts: (value) => value === null || accepts(value), isPlain };
    }
    case "readonly":
    case "optional":
      return compileCheck(def.innerType);
    case "default":
      return { ...compileCheck(def.innerType), isPlain: false };
    case "pipe":
      return compilePipe(def);
    default:
      return compileGroup(def);
  }
}

function compileGroup(def: z.core.$ZodTypes["_zod"]["def"]): CompiledCheck | null {
  switch (def.type) {
    case "union":
      return compileUnion(def.options);
    case "array": {
      const { accepts, isPlain } = compileCheck(def.element);
      return { accepts: (value) => Array.isArray(value) && value.every(accepts), isPlain };
    }
    case "tuple":
      return def.rest === null ? compileTuple(def.items) : null;
    case "record":
      return compileRecord(def);
    case "object":
      return compileObject(def);
    default:
      return null;
  }
}

/** A transform that cannot refuse anything, since it takes the value alone. */
function compilePipe(def: z.core.$ZodPipeDef): CompiledCheck | null {
  const out = (def.out as z.core.$ZodTypes)._zod.def;
  if (out.type !== "transform" || out.transform.length > 1) return null;
  return { ...compileCheck(def.in), isPlain: false };
}

function compileUnion(options: readonly z.core.$ZodType[]): CompiledCheck {
  const all = options.map(compileCheck);
  return {
    accepts: (value) => all.some(({ accepts }) => accepts(value)),
    isPlain: all.every(({ isPlain }) => isPlain),
  };
}

function compileTuple(items: readonly z.core.$ZodType[]): CompiledCheck {
  const all = items.map(compileCheck);
  return {
    accepts: (value) =>
      Array.isArray(value) &&
      value.length === all.length &&
      all.every(({ accepts }, index) => accepts(value[index])),
    isPlain: all.every(({ isPlain }) => isPlain),
  };
}

function compileRecord(def: z.core.$ZodRecordDef): CompiledCheck | null {
  if ((def.keyType as z.core.$ZodTypes)._zod.def.type !== "string") return null;
  const keys = compileCheck(def.keyType as z.core.$ZodType);
  const values = compileCheck(def.valueType as z.core.$ZodType);
  // The schema drops this one key without a word.
  const isComplete: QuickCheck = (value) =>
    isPlainObject(value) && !Object.hasOwn(value, "__proto__");
  if (keys.accepts === isText && values.accepts === isAnything) return plain(isComplete);
  const accepts: QuickCheck = (value) => {
    if (!isComplete(value)) return false;
    const record = value as Readonly<Record<string, unknown>>;
    return Object.keys(record).every((key) => keys.accepts(key) && values.accepts(record[key]));
  };
  return { accepts, isPlain: keys.isPlain && values.isPlain };
}

function compileObject(def: z.core.$ZodObjectDef): CompiledCheck {
  let isPlain = true;
  let required = 0;
  const fields = new Map<string, Field>();
  for (const [key, schema] of Object.entries(def.shape)) {
    const field = compileCheck(schema);
    const isRequired = schema._zod.optin === undefined;
    fields.set(key, { accepts: field.accepts, isRequired });
    isPlain &&= field.isPlain;
    if (isRequired) required += 1;
  }
  // Without a rule for other keys the schema leaves them out: that is in doubt here, like `__proto__`.
  const rest = def.catchall === undefined ? null : compileCheck(def.catchall);
  const acceptsOther = (key: string, value: unknown): boolean =>
    rest !== null && key !== "__proto__" && rest.accepts(value);
  const accepts: QuickCheck = (value) => {
    if (!isPlainObject(value)) return false;
    let found = 0;
    for (const key of Object.keys(value)) {
      const field = fields.get(key);
      if (!(field?.accepts(value[key]) ?? acceptsOther(key, value[key]))) return false;
      if (field?.isRequired === true) found += 1;
    }
    return found === required;
  };
  return { accepts, isPlain: isPlain && (rest?.isPlain ?? true) };
}

/** Rules beyond the type; null when one of them is not known here. */
function rulesOf(schema: z.core.$ZodType, type: CompiledCheck): readonly QuickCheck[] | null {
  const { def, traits } = schema._zod;
  const own = traits.has("$ZodCheck") ? [schema as unknown as z.core.$ZodCheck] : [];
  const rules = [...own, ...(def.checks ?? [])].map((check) =>
    compileRule(check as z.core.$ZodChecks, type),
  );
  return rules.every((rule) => rule !== null) ? rules : null;
}

function compileRule(check: z.core.$ZodChecks, type: CompiledCheck): QuickCheck | null {
  const def = check._zod.def;
  switch (def.check) {
    case "string_format": {
      const { pattern, format } = def;
      if (pattern === undefined || !PATTERN_FORMATS.has(format)) return null;
      return pattern.global || pattern.sticky ? null : (value) => pattern.test(value as string);
    }
    case "number_format":
      return def.format === "safeint" ? Number.isSafeInteger : null;
    case "greater_than":
      return compare(
        def.value,
        (value, limit) => value > limit || (def.inclusive && value === limit),
      );
    case "less_than":
      return compare(
        def.value,
        (value, limit) => value < limit || (def.inclusive && value === limit),
      );
    case "max_length":
      // Length is counted in characters, of which a text has at most as many as it has units.
      return (value) => lengthOf(value) <= def.maximum;
    case "min_length":
      return (value) =>
        (typeof value === "string" && def.minimum > 1 ? lengthOf(value) / 2 : lengthOf(value)) >=
        def.minimum;
    default:
      return compileOwnRule(check, type);
  }
}

/** A rule of ours, `refine` or `superRefine`: it sees what the schema made of the value, so it must be the value. */
function compileOwnRule(check: z.core.$ZodCheck, type: CompiledCheck): QuickCheck | null {
  if (check._zod.def.check !== "custom" || !type.isPlain) return null;
  return (value) => {
    const payload = { value, issues: [] as z.core.$ZodRawIssue[] };
    const outcome: unknown = check._zod.check(payload as z.core.ParsePayload<never>);
    return !(outcome instanceof Promise) && payload.issues.length === 0;
  };
}

function compare(
  limit: unknown,
  isWithin: (value: number, limit: number) => boolean,
): QuickCheck | null {
  return typeof limit === "number" ? (value) => isWithin(value as number, limit) : null;
}

function oneOf(values: readonly unknown[]): QuickCheck {
  const [only] = values;
  if (values.length === 1) return (value) => value === only;
  return (value) => values.includes(value);
}

const plain = (accepts: QuickCheck): CompiledCheck => ({ accepts, isPlain: true });

const isAnything: QuickCheck = () => true;
const isText: QuickCheck = (value) => typeof value === "string";
const isBoolean: QuickCheck = (value) => typeof value === "boolean";

const lengthOf = (value: unknown): number => (value as { readonly length: number }).length;

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype
  );
}
