import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { convertTfjs } from "./convert/convert-graph.ts";
import { dlibResnet } from "./convert/dlib-resnet.ts";
import { withRawInput } from "./convert/raw-input.ts";
import { parseTfjsModel, parseWeightLayouts } from "./convert/tfjs-graph.ts";
import type { CatalogueModel } from "./offered-model.ts";

/**
 * The ONNX file of a model, from the unpacked files of its package. Equal files give equal bytes.
 * @throws MODEL_UNSUPPORTED when a file does not hold what the model is made of
 */
export async function makeModel(model: CatalogueModel, files: string): Promise<Uint8Array> {
  const bytesOf = (path: string): Promise<Uint8Array> => readFile(join(files, path));
  const textOf = (path: string): Promise<string> => readFile(join(files, path), "utf8");
  switch (model.kind) {
    case "tfjs": {
      const description = parseTfjsModel(await textOf(model.description));
      return convertTfjs(description, await bytesOf(model.weights), model.recipe);
    }
    case "dlib-resnet": {
      const layouts = parseWeightLayouts(await textOf(model.description));
      return dlibResnet(layouts, await bytesOf(model.weights));
    }
    case "onnx":
      return withRawInput(await bytesOf(model.file), model.preparation);
  }
}
