"""Checks the Boutiques descriptor of dien run: boutiques_check.py DIEN DESCRIPTOR SCHEMA WORK.

It has to be valid, to say what the option table says (by its man page), and each of its inputs has to give a command line that dien accepts. Prints a
line per fault, and exits with 1 if there is one."""
import json
import re
import subprocess
import sys

dien, descriptor_path, schema_path, work = sys.argv[1:]
faults = []


def expect(what, wanted, found):
    if wanted != found:
        faults.append(f"{what}: expected {wanted!r}, found {found!r}")


descriptor = json.load(open(descriptor_path, encoding="utf-8"))
try:
    import jsonschema

    schema = json.load(open(schema_path, encoding="utf-8"))
    validator = jsonschema.Draft7Validator(schema)
    for error in validator.iter_errors(descriptor):
        faults.append(f"not valid: {'/'.join(map(str, error.absolute_path))}: {error.message[:200]}")
    # The schema can refuse.
    for spoil in ({"inputs": []}, {"schema-version": "0.4"}, {"inputs": [{"id": "a-b", "name": "x", "type": "File"}]}):
        if validator.is_valid({**descriptor, **spoil}):
            faults.append(f"the schema accepts a wrong descriptor: {spoil}")
except ImportError:
    print("python3-jsonschema is not installed: not checked against the schema")

# Beyond the schema (as Boutiques' own validator has it): names are unique, keys are in the command line once each, ranges have a room, defaults fit.
line, inputs = descriptor["command-line"], descriptor["inputs"]
for field in ("id", "value-key", "name"):
    values = [i[field] for i in inputs if field in i]
    expect(f"inputs of the same {field}", [], sorted({v for v in values if values.count(v) > 1}))
for one in inputs:
    expect(f"places of {one['value-key']} in the command line", 1, line.split().count(one["value-key"]))
    default = one.get("default-value")
    if one["type"] == "Number" and default is not None and "minimum" in one:
        expect(f"default of {one['id']} within its range", True, one["minimum"] <= default <= one["maximum"])
    if "value-choices" in one and default is not None:
        expect(f"default of {one['id']} among its choices", True, default in one["value-choices"])
    expect(f"{one['id']} is required", "command-line-flag" not in one, not one["optional"])
expect("words of the command line", ["dien", "run"] + [i["value-key"] for i in inputs], line.split())
for output in descriptor["output-files"]:
    expect(f"path of {output['id']}", "[OUTPUT_DIR]", output["path-template"])


# The same as the man page, which is written from the same table by other code.
def options_of_man():
    page = subprocess.run([dien, "help", "--man", "run"], capture_output=True, text=True, check=True).stdout.replace("\\-", "-")
    for block in page.split("\n.TP\n")[1:]:
        head = re.match(r"(?:\\fB-(.)\\fR, )?\\fB--([a-z0-9-]+)\\fR(?: \\fI(.*)\\fR)?\n", block)
        if head and head.group(2) != "help":
            choices = re.search(r"^(?:One of|A comma-separated list of): (.*)\.$", block, re.M)
            default = re.search(r"^Default: (.*)\.$", block, re.M)
            yield head.group(2), {
                "value": head.group(3),
                "choices": choices.group(1).split(", ") if choices else None,
                "list": "A comma-separated list of" in block,
                "default": default.group(1) if default else None,
            }


table = dict(options_of_man())
flags = {i["command-line-flag"][2:]: i for i in inputs if "command-line-flag" in i}
expect("options", list(table), list(flags))
expect("at least", True, len(table) >= 25)
for name in set(table) & set(flags):
    row, one = table[name], flags[name]
    expect(f"--{name} is a flag", row["value"] is None, one["type"] == "Flag")
    expect(f"choices of --{name}", row["choices"], one.get("value-choices"))
    if row["list"]:
        expect(f"list of --{name}", ",", one.get("list-separator"))
    default = one.get("default-value")
    found = None if row["default"] is None else type(default)(row["default"]) if default is not None else row["default"]
    expect(f"default of --{name}", found, default)


# Each input gives a command line that the program takes for right use: there is no data set, so exit 2 is the one code that may not come.
def words_of(one):
    if "default-value" in one:
        value = one["default-value"]
    elif "value-choices" in one:
        value = one["value-choices"]
    else:
        special = {"shard": "1/2", "time": "01:00:00", "task_memory": "2G"}
        value = special.get(one["id"], one.get("minimum", 1) if one["type"] == "Number" else f"{work}/none")
    if one["type"] == "Flag":
        return [one["command-line-flag"]]
    separator = one.get("list-separator", " ")
    values = value if isinstance(value, list) else [value]
    values = values if one.get("list") else values[:1]
    return [one["command-line-flag"], *separator.join(map(str, values)).split(" ")]


for one in flags.values():
    command = [dien, "run", f"{work}/none", f"{work}/out", "participant", "--dry-run", *words_of(one)]
    if one["id"] in ("dry_run",):
        command.remove("--dry-run")
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode not in (0, 3, 5):
        faults.append(f"{' '.join(command[1:])}: exit {run.returncode}, {run.stderr.strip()}")

codes = {c["code"] for c in descriptor["error-codes"]}
expect("exit codes", {1, 2, 3, 4, 5, 6, 130}, codes)
print("\n".join(faults) if faults else f"{len(inputs)} inputs as expected")
sys.exit(1 if faults else 0)
