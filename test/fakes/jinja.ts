import { spawnSync } from "node:child_process";

/** Debian's own Python first: that is where its package puts Jinja. */
const PYTHONS = ["/usr/bin/python3", "python3"];

/** As Home Assistant evaluates the template of an MQTT entity: sandboxed, with the payload read as JSON beside it. */
const RENDER = `
import json, sys
from jinja2.sandbox import ImmutableSandboxedEnvironment
environment = ImmutableSandboxedEnvironment()
print(json.dumps([
    environment.from_string(one["template"]).render(value=one["payload"], value_json=json.loads(one["payload"])).strip()
    for one in json.load(sys.stdin)
]))
`;

function pythonWithJinja(): string | undefined {
  return PYTHONS.find((python) => spawnSync(python, ["-c", "import jinja2"]).status === 0);
}

/** Whether templates can be evaluated here (Debian: python3-jinja2). */
export const hasJinja = (): boolean => pythonWithJinja() !== undefined;

/** Evaluates templates, each on a payload. */
export function renderTemplates(
  wanted: readonly { readonly template: string; readonly payload: string }[],
): readonly string[] {
  const python = pythonWithJinja() ?? "python3";
  const done = spawnSync(python, ["-c", RENDER], {
    input: JSON.stringify(wanted),
    encoding: "utf8",
  });
  if (done.status !== 0) throw new Error(`a template could not be evaluated: ${done.stderr}`);
  return JSON.parse(done.stdout) as string[];
}
