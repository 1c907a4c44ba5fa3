"""The official models of the cloud API, as tccli ships them, and the validation of calls against them.

tccli itself silently drops parameters that the models do not contain.
"""
import functools
import json
import pathlib

TOOLS = pathlib.Path(__file__).resolve().parent.parent / "target" / "deploy" / "tools"
VERSIONS = {"cam": "2019-01-16", "cls": "2020-10-16", "scf": "2018-04-16"}

KINDS = {"bool": bool, "date": str, "datetime": str, "double": (int, float), "float": (int, float), "int64": int, "string": str,
         "uint64": int}


@functools.lru_cache
def load_model(service):
    """Reads the actions and objects of a service."""
    version = "v" + VERSIONS[service].replace("-", "")
    [path] = TOOLS.glob(f"lib/python*/site-packages/tccli/services/{service}/{version}/api.json")
    return json.loads(path.read_text(encoding="utf-8"))


def violations(service, action, parameters):
    """Returns how the parameters of a call violate the model: `(code, sentence)` each."""
    model = load_model(service)
    if action not in model["actions"]:
        return [("InvalidAction", f"{service} has no action {action}")]
    return list(object_violations(model, model["actions"][action]["input"], parameters, action))


def object_violations(model, name, value, path):
    """Yields the violations of a JSON object that the model calls `name`."""
    if not isinstance(value, dict):
        yield "InvalidParameter", f"{path} is not an object"
        return
    members = {member["name"]: member for member in model["objects"][name]["members"]}
    for unknown in value.keys() - members.keys():
        yield "UnknownParameter", f"{path}.{unknown} is unknown"
    for member in members.values():
        if member["required"] and member["name"] not in value:
            yield "MissingParameter", f"{path}.{member['name']} is missing"
    for given, content in value.items():
        if given in members:
            yield from member_violations(model, members[given], content, f"{path}.{given}")


def member_violations(model, member, value, path):
    """Yields the violations of one member of an object."""
    if member["type"] == "list":
        if not isinstance(value, list):
            yield "InvalidParameter", f"{path} is not a list"
            return
        for index, item in enumerate(value):
            yield from value_violations(model, member["member"], item, f"{path}[{index}]")
    elif member["type"] == "object":
        yield from object_violations(model, member["member"], value, path)
    else:
        yield from value_violations(model, member["member"], value, path)


def value_violations(model, kind, value, path):
    """Yields the violations of a value, which is an object of the model or of a basic kind."""
    if kind in model["objects"]:
        yield from object_violations(model, kind, value, path)
        return
    expected = KINDS[kind]
    if not isinstance(value, expected) or (expected is int and isinstance(value, bool)):
        yield "InvalidParameter", f"{path} is not a {kind}"
    elif kind == "uint64" and value < 0:
        yield "InvalidParameter", f"{path} is negative"
