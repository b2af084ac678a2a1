// The repository's own files, for the checks: tracked ones and new ones, without what .gitignore leaves out. Read once.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const root = join(import.meta.dirname, "..");

export interface SourceFile {
  /** Relative to the repository, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

const binary = /\.(png|jpg|ico|woff2?|gz|zip)$/;
const generated = new Set(["package-lock.json"]);

export function sourceFiles(): readonly SourceFile[] {
  const words = ["ls-files", "--cached", "--others", "--exclude-standard", "-z"];
  const list = execFileSync("git", words, { cwd: root, encoding: "utf8" });
  return [...new Set(list.split("\0"))]
    .filter((path) => path !== "" && !binary.test(path) && !generated.has(path) && existsSync(join(root, path)))
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}
