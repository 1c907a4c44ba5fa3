"""Names of the parts of a deployment, and the marker by which the scripts recognise what they created."""
import argparse
import copy
import os
import re

# Descriptions of functions may contain letters, digits, spaces, commas and full stops (CreateFunction): no hyphen.
MARKER = "Made by scripts deploy of cos thumbnailer"
# Marker of a function for sync.
SYNC_MARKER = MARKER + " for sync"
# Error codes for a function and a role that do not exist.
NO_FUNCTION = ("ResourceNotFound.Function",)
NO_ROLE = ("InvalidParameter.RoleNotExist",)

DEFAULTS = {"function": "cos-thumbnailer", "namespace": "default"}


class DeploymentError(Exception):
    """A sentence for the user: invalid options, or a state of the account that the script does not change."""


class Names:
    """Names of one deployment.

    Roles and policies belong to the account, not to a region. Their common name therefore contains the function, the
    region, and the namespace unless it is the default.
    """

    marker = MARKER

    def __init__(self, region, function, namespace, role=None):
        if not re.fullmatch(r"[a-z]+(-[a-z0-9]+)+", region or ""):
            raise DeploymentError("the region is missing or invalid: pass --region, for example --region ap-guangzhou")
        check_name("function", function)
        check_name("namespace", namespace)
        parts = [function, region] + ([namespace] if namespace != DEFAULTS["namespace"] else [])
        self.region, self.function, self.namespace = region, function, namespace
        self.role = role or "-".join(parts)
        if not re.fullmatch(r"[A-Za-z0-9+=,.@_-]{1,128}", self.role):
            raise DeploymentError(f"{self.role!r} is not a valid role name: use 1 to 128 letters, digits and +=,.@-_")
        # One policy per deployment: a shared one would grant only the rights of the function deployed last.
        self.policy = self.role

    def for_sync(self, function=None):
        """Names of the function for sync, which has the role of this deployment."""
        names = copy.copy(self)
        # The longest name has 60 characters.
        names.function, names.marker = function or f"{self.function[:55]}-sync", SYNC_MARKER
        check_name("function", names.function)
        if names.function == self.function:
            raise DeploymentError(f"{names.function} is the function that has the triggers; choose another name with "
                                  "--sync-function")
        return names

    def is_owner(self, function):
        """Returns whether the scripts created a function under these names. Functions for sync belong to a role."""
        is_ours = (function.get("Description") or "").startswith(f"{self.marker},")
        return is_ours and (self.marker != SYNC_MARKER or role_of(function) == self.role)

    def owner_description(self):
        """Description of role and policy, which names the deployment that owns them."""
        return f"{MARKER} for function {self.function}, namespace {self.namespace}, region {self.region}"

    def function_description(self, digest):
        """Description of a function whose zip has this SHA-256.

        GetFunction returns no hash of the code, and its CodeSize does not distinguish two programs of one size. The
        description holds the hash instead. It is written after the code, so an interrupted deployment uploads again.
        """
        return f"{self.marker}, code sha256 {digest}"

    def function_parameters(self, **more):
        """Parameters of a call about the function."""
        return {"FunctionName": self.function, "Namespace": self.namespace, **more}


def check_name(kind, name):
    """Refuses names that the platform would refuse."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,58}[A-Za-z0-9]", name):
        raise DeploymentError(f"{name!r} is not a valid {kind} name: use 2 to 60 letters, digits, hyphens and "
                              "underscores; begin with a letter, end with a letter or digit")


def role_of(function):
    """Returns the short name of the role of a function, which may be returned by its full name; None without one."""
    return (function.get("Role") or "").rpartition("/")[2] or None


def make_parser(text):
    """Returns a parser with the options that both scripts have."""
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_place(parser)
    parser.add_argument("--role", metavar="NAME", help="name of role and policy (default: <function>-<region>)")
    parser.add_argument("--sync-function", metavar="NAME", nargs="?", const="",
                        help="the function for cos-thumbnailer sync as well (default of NAME: <function>-sync)")
    parser.add_argument("--apply", action="store_true", help="make the calls; without it they are only printed")
    return parser


def add_place(parser):
    """Adds the options that name a function."""
    parser.add_argument("--region", default=os.environ.get("TENCENTCLOUD_REGION"),
                        help="region of function and buckets, such as ap-guangzhou (default: TENCENTCLOUD_REGION)")
    parser.add_argument("--function", metavar="NAME", default=DEFAULTS["function"],
                        help="name of the function (default: %(default)s)")
    parser.add_argument("--namespace", metavar="NAME", default=DEFAULTS["namespace"],
                        help="namespace of the function; it must exist (default: %(default)s)")
