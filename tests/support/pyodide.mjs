// Runs a Python program in CPython as WebAssembly, as Pyodide packs it:
//   node tests/support/pyodide.mjs PYODIDE_FOLDER ROOT IMPORTED PROGRAM [ARGUMENT ...]
// IMPORTED, a folder to import from, and PROGRAM are below ROOT, which the program sees as /mounted.
import { pathToFileURL } from "node:url";
import { join, resolve } from "node:path";

const [folder, root, imported, ...call] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(join(resolve(folder), "pyodide.mjs")));
const python = await loadPyodide({ indexURL: resolve(folder) });
python.FS.mkdirTree("/mounted");
python.FS.mount(python.FS.filesystems.NODEFS, { root: resolve(root) }, "/mounted");
python.globals.set("imported", `/mounted/${imported}`);
python.globals.set("call", python.toPy(call));
process.exitCode = python.runPython(`
import runpy, sys, traceback
sys.path.insert(0, imported)
sys.argv = ["/mounted/" + call[0], *call[1:]]
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
    code = 0
except SystemExit as end:
    code = int(end.code or 0)
except Exception:
    # Not Pyodide's own way, which prints its megabyte of JavaScript with it.
    traceback.print_exc()
    code = 1
code
`);
