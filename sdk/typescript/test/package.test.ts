/**
 * The package itself: packed, installed into an empty project, its types checked, the program of the README run.
 *
 * @module
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { VERSION } from "../src/version.js";
import { RegistryProcess } from "./support/registry-process.js";

const run = promisify(execFile);
const SDK = fileURLToPath(new URL("../..", import.meta.url));
/** npm and the compiler are slow on a busy machine. */
const TIMEOUT = { timeout: 180_000 };

test("the version is that of package.json", () => {
  const { version } = JSON.parse(readFileSync(join(SDK, "package.json"), "utf8")) as { version: string };
  assert.equal(VERSION, version);
});

test("the tarball works in an empty project", TIMEOUT, async (t) => {
  const project = mkdtempSync(join(tmpdir(), "paste-registry-typescript-"));
  t.after(() => rmSync(project, { recursive: true, force: true }));
  const packed = await run("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", project], {
    cwd: SDK,
  });
  const [{ filename, files }] = JSON.parse(packed.stdout) as [
    { filename: string; files: { path: string }[] },
  ];
  const unexpected = files
    .map(({ path }) => path)
    .filter((path) => !/^(dist\/|LICENSE|README|package\.json)/.test(path));
  assert.deepEqual(unexpected, []);

  writeFileSync(join(project, "package.json"), JSON.stringify({ private: true, type: "module" }));
  const quiet = ["--offline", "--no-audit", "--no-fund", "--no-package-lock"];
  await run("npm", ["install", ...quiet, join(project, filename)], { cwd: project });

  writeFileSync(join(project, "program.ts"), programOfReadme());
  const types = ["--types", "node", "--typeRoots", join(SDK, "node_modules/@types")];
  const strict = [
    "--strict",
    "--module",
    "NodeNext",
    "--target",
    "ES2022",
    "--lib",
    "ES2023,ESNext.Disposable",
  ];
  const tsc = join(SDK, "node_modules/.bin/tsc");
  await run(tsc, ["program.ts", ...strict, ...types], { cwd: project }).catch(withOutput);

  const server = await RegistryProcess.start();
  t.after(() => server.remove());
  const environment = { ...process.env, PASTE_REGISTRY_URL: server.url };
  const { stdout } = await run(process.execPath, ["program.js"], { cwd: project, env: environment });
  assert.equal(stdout, "hello from orders\n\n");
  assert.deepEqual(await server.instances("orders"), []);
});

/** The first program of the README, as it is printed. */
function programOfReadme(): string {
  const readme = readFileSync(join(SDK, "README.md"), "utf8");
  const program = /^## A whole program\n+```ts\n(.*?)^```$/ms.exec(readme)?.[1];
  assert.ok(program, "the README has its program");
  return program;
}

/** The compiler says what is wrong on standard output. */
function withOutput(error: Error & { stdout?: string }): never {
  throw new Error(error.stdout, { cause: error });
}
