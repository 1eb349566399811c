/** A value of the plain reference: row-major in TensorFlow's own order. */
export interface Plain {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** One operation of a small graph written in a test. */
export interface PlainNode {
  readonly name: string;
  readonly op: string;
  readonly input: readonly string[];
  readonly attributes: Readonly<Record<string, unknown>>;
}

type Index = readonly number[];

/** Fills a value element by element. */
export function fill(shape: readonly number[], valueAt: (index: Index) => number): Plain {
  const length = shape.reduce((a, b) => a * b, 1);
  const values = Array.from({ length }, (_, at) => {
    const index: number[] = [];
    let rest = at;
    for (const size of shape.toReversed()) {
      index.unshift(rest % size);
      rest = Math.floor(rest / size);
    }
    return valueAt(index);
  });
  return { shape, values };
}

function at(plain: Plain, index: Index): number {
  const offset = plain.shape.reduce((sum, size, axis) => sum * size + (index[axis] ?? 0), 0);
  return plain.values[offset] ?? Number.NaN;
}

function broadcast(a: Plain, b: Plain, compute: (x: number, y: number) => number): Plain {
  const rank = Math.max(a.shape.length, b.shape.length);
  const sizeOf = (plain: Plain, axis: number): number =>
    plain.shape[axis - (rank - plain.shape.length)] ?? 1;
  const shape = Array.from({ length: rank }, (_, axis) =>
    Math.max(sizeOf(a, axis), sizeOf(b, axis)),
  );
  const pick = (plain: Plain, index: Index): number =>
    at(
      plain,
      plain.shape.map((size, axis) =>
        size === 1 ? 0 : (index[axis + rank - plain.shape.length] ?? 0),
      ),
    );
  return fill(shape, (index) => compute(pick(a, index), pick(b, index)));
}

interface Sliding {
  readonly out: number;
  readonly before: number;
}

function sliding(size: number, kernel: number, stride: number, padding: unknown): Sliding {
  if (padding === "VALID") return { out: Math.floor((size - kernel) / stride) + 1, before: 0 };
  const out = Math.ceil(size / stride);
  return { out, before: Math.floor(Math.max((out - 1) * stride + kernel - size, 0) / 2) };
}

/** Visits the picture cells under a window; those outside are left out. */
function slide(
  x: Plain,
  kernel: readonly [number, number],
  node: PlainNode,
  channels: number,
  cell: (
    visit: (each: (y: number, x: number, ky: number, kx: number) => void) => void,
    channel: number,
  ) => number,
): Plain {
  const [, height = 0, width = 0] = x.shape;
  const [, strideY = 1, strideX = 1] = node.attributes["strides"] as readonly number[];
  const rows = sliding(height, kernel[0], strideY, node.attributes["padding"]);
  const columns = sliding(width, kernel[1], strideX, node.attributes["padding"]);
  return fill([1, rows.out, columns.out, channels], ([, row = 0, column = 0, channel = 0]) =>
    cell((each) => {
      for (let ky = 0; ky < kernel[0]; ky += 1) {
        for (let kx = 0; kx < kernel[1]; kx += 1) {
          const py = row * strideY + ky - rows.before;
          const px = column * strideX + kx - columns.before;
          if (py >= 0 && py < height && px >= 0 && px < width) each(py, px, ky, kx);
        }
      }
    }, channel),
  );
}

function convolution(node: PlainNode, x: Plain, filter: Plain, bias: Plain | undefined): Plain {
  const isDepthwise = node.op.includes("Depthwise");
  const [kh = 0, kw = 0, inChannels = 0, last = 0] = filter.shape;
  const raw = slide(x, [kh, kw], node, isDepthwise ? inChannels * last : last, (visit, channel) => {
    let sum = 0;
    visit((py, px, ky, kx) => {
      if (isDepthwise) {
        const from = Math.floor(channel / last);
        sum += at(x, [0, py, px, from]) * at(filter, [ky, kx, from, channel % last]);
        return;
      }
      for (let from = 0; from < inChannels; from += 1) {
        sum += at(x, [0, py, px, from]) * at(filter, [ky, kx, from, channel]);
      }
    });
    return sum;
  });
  const biased = bias === undefined ? raw : broadcast(raw, bias, (a, b) => a + b);
  const fused = (node.attributes["fused_ops"] ?? []) as readonly string[];
  return fused.reduce(
    (value, op) => (op === "BiasAdd" ? value : pointwise(value, op, node)),
    biased,
  );
}

function pointwise(x: Plain, op: string, node: PlainNode): Plain {
  const slope = Number(node.attributes["alpha"] ?? node.attributes["leakyrelu_alpha"] ?? 0.2);
  const functions: Readonly<Record<string, (value: number) => number>> = {
    Relu: (value) => Math.max(value, 0),
    Relu6: (value) => Math.min(Math.max(value, 0), 6),
    LeakyRelu: (value) => (value < 0 ? slope * value : value),
    Sigmoid: (value) => 1 / (1 + Math.exp(-value)),
  };
  const compute = functions[op];
  if (compute === undefined) throw new TypeError(op);
  return { shape: x.shape, values: x.values.map(compute) };
}

/** @source tensorflow.org, tf.image.resize, legacy and half-pixel sampling */
function resize(x: Plain, [height = 0, width = 0]: readonly number[], isHalf: boolean): Plain {
  const [, fromHeight = 0, fromWidth = 0, channels = 0] = x.shape;
  const place = (to: number, from: number, size: number) => {
    const scale = from / size;
    const exact = isHalf ? (to + 0.5) * scale - 0.5 : to * scale;
    const low = Math.max(Math.floor(exact), 0);
    return { low, high: Math.min(Math.ceil(exact), from - 1), share: Math.max(exact, 0) - low };
  };
  return fill([1, height, width, channels], ([, row = 0, column = 0, channel = 0]) => {
    const y = place(row, fromHeight, height);
    const z = place(column, fromWidth, width);
    const top =
      at(x, [0, y.low, z.low, channel]) * (1 - z.share) +
      at(x, [0, y.low, z.high, channel]) * z.share;
    const low =
      at(x, [0, y.high, z.low, channel]) * (1 - z.share) +
      at(x, [0, y.high, z.high, channel]) * z.share;
    return top * (1 - y.share) + low * y.share;
  });
}

function paddedPlain(x: Plain, sizes: readonly number[], filling: number): Plain {
  const shape = x.shape.map(
    (size, axis) => size + (sizes[2 * axis] ?? 0) + (sizes[2 * axis + 1] ?? 0),
  );
  return fill(shape, (index) => {
    const from = index.map((place, axis) => place - (sizes[2 * axis] ?? 0));
    const isInside = from.every((place, axis) => place >= 0 && place < (x.shape[axis] ?? 0));
    return isInside ? at(x, from) : filling;
  });
}

/** Computes every value of a small graph with plain loops; slow, and written without looking at the converter. */
export function plainRun(
  nodes: readonly PlainNode[],
  constants: ReadonlyMap<string, Plain>,
  picture: Plain,
): ReadonlyMap<string, Plain> {
  const values = new Map<string, Plain>();
  for (const node of nodes) {
    const inputs = node.input.map((name) => values.get(name) ?? { shape: [], values: [] });
    const results = plainNode(node, inputs, constants, picture);
    results.forEach((value, index) => {
      values.set(index === 0 ? node.name : `${node.name}:${index}`, value);
    });
  }
  return values;
}

function plainNode(
  node: PlainNode,
  inputs: readonly Plain[],
  constants: ReadonlyMap<string, Plain>,
  picture: Plain,
): readonly Plain[] {
  const [x = { shape: [], values: [] }, y = x, z] = inputs;
  switch (node.op) {
    case "Placeholder":
      return [picture];
    case "Const":
      return [constants.get(node.name) ?? x];
    case "Identity":
      return [x];
    case "Add":
      return [broadcast(x, y, (a, b) => a + b)];
    case "Mul":
      return [broadcast(x, y, (a, b) => a * b)];
    case "Pad":
      return [paddedPlain(x, y.values, 0)];
    case "PadV2":
      return [paddedPlain(x, y.values, z?.values[0] ?? 0)];
    case "Transpose":
      return [
        fill(
          y.values.map((axis) => x.shape[axis] ?? 0),
          (index) =>
            at(
              x,
              x.shape.map((_, axis) => index[y.values.indexOf(axis)] ?? 0),
            ),
        ),
      ];
    case "Reshape":
      return [{ shape: reshaped(x, y.values), values: x.values }];
    case "Mean":
      return [
        fill([1, 1, 1, x.shape[3] ?? 0], ([, , , channel = 0]) => {
          const own = x.values.filter((_, place) => place % (x.shape[3] ?? 1) === channel);
          return own.reduce((sum, value) => sum + value, 0) / own.length;
        }),
      ];
    case "ConcatV2": {
      const wide = x.shape[3] ?? 0;
      const shape = [...x.shape.slice(0, 3), wide + (y.shape[3] ?? 0)];
      return [
        fill(shape, (index) => {
          const channel = index[3] ?? 0;
          const rest = index.slice(0, 3);
          return channel < wide ? at(x, index) : at(y, [...rest, channel - wide]);
        }),
      ];
    }
    case "SplitV":
      return y.values.map((size, part) => {
        const start = y.values.slice(0, part).reduce((a, b) => a + b, 0);
        const [batch = 1, , ...rest] = x.shape;
        return fill([batch, size, ...rest], ([n = 0, channel = 0, ...place]) =>
          at(x, [n, channel + start, ...place]),
        );
      });
    case "MaxPool": {
      const [, kh = 1, kw = 1] = node.attributes["ksize"] as readonly number[];
      return [
        slide(x, [kh, kw], node, x.shape[3] ?? 0, (visit, channel) => {
          let most = Number.NEGATIVE_INFINITY;
          visit((py, px) => {
            most = Math.max(most, at(x, [0, py, px, channel]));
          });
          return most;
        }),
      ];
    }
    case "ResizeBilinear":
      return [resize(x, y.values, node.attributes["half_pixel_centers"] === true)];
    default:
      return node.op.includes("onv2") || node.op.includes("Conv2D")
        ? [convolution(node, x, y, z)]
        : [pointwise(x, node.op, node)];
  }
}

function reshaped(x: Plain, wanted: readonly number[]): readonly number[] {
  const known = wanted.filter((size) => size > 0).reduce((a, b) => a * b, 1);
  return wanted.map((size) => (size < 0 ? x.values.length / known : size));
}
