"""JavaScript modules joined to one script."""

from __future__ import annotations

import shutil
import subprocess

import pytest

import zig
from kd_edge.page import assemble
from kd_edge.page.modules import joined, packed


def write(folder, **modules):
    for name, text in modules.items():
        (folder / f"{name}.mjs").write_text(text, encoding="utf-8")
    return folder / "main.mjs"


def run(script):
    node = shutil.which("node")
    zig.need(node, "node (apt-get install nodejs)")
    command = [node, "--input-type=module", "-e", script]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def test_names_of_one_module_do_not_meet_those_of_another(tmp_path):
    start = write(
        tmp_path,
        main='import { both } from "./a.mjs";\nimport {\n  LAST,\n} from "./b.mjs";\n'
        "const hidden = await 3;\nconsole.log(both(), hidden, LAST);\n",
        a='import { add } from "./b.mjs";\nconst hidden = 1;\n'
        "export function both() { return add(hidden); }\n",
        b="const hidden = 10;\nfunction add(one) { return one + hidden; }\n"
        "export const LAST = 7;\nexport { add };\n",
    )
    assert run(joined(start)) == ["11", "3", "7"]
    assert joined(start).count("LAST = 7") == 1


@pytest.mark.parametrize(
    ("modules", "why"),
    [
        ({"main": 'import x from "./a.mjs";\n', "a": ""}, "cannot be joined"),
        ({"main": 'import { a as b } from "fs";\n'}, "cannot be joined"),
        ({"main": "export default 1;\n"}, "cannot be joined"),
        ({"main": "export let one = 1;\n"}, "cannot be joined"),
        (
            {
                "main": 'import { a } from "./a.mjs";\n',
                "a": 'import { b } from "./b.mjs";\nexport const a = 1;\n',
                "b": 'import { a } from "./a.mjs";\nexport const b = 1;\n',
            },
            "a.mjs imports itself, through b.mjs",
        ),
    ],
)
def test_what_cannot_be_joined_is_refused(tmp_path, modules, why):
    with pytest.raises(ValueError, match=why):
        joined(write(tmp_path, **modules))


def test_comments_and_indentation_are_left_out():
    script = 'a("// no");\n  // one\n/**\n * two\n */\n  b();\n/** three */\n/* four */ c();\n'
    assert packed(script) == 'a("// no");\nb();\n/* four */ c();\n'
    with pytest.raises(ValueError, match="a text between backticks must end on its line"):
        packed("a(`one\n  two`);\n")


@pytest.mark.parametrize("name", ["main.mjs", "worker.mjs", "loader.mjs"])
def test_the_scripts_of_the_page_are_valid(name, tmp_path):
    node = shutil.which("node")
    zig.need(node, "node (apt-get install nodejs)")
    file = tmp_path / "script.mjs"
    file.write_text(packed(joined(assemble.APP / name)), encoding="utf-8")
    subprocess.run([node, "--check", file], check=True)
