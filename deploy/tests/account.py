"""A cloud account in memory: functions, triggers, roles and policies, as far as the scripts use them.

Responses and error codes follow the documents of scf 2018-04-16 and cam 2019-01-16. Where these leave a case open, the
account takes the stricter reading.
"""
import base64
import binascii
import io
import json
import re
import zipfile

MOST_TRIGGERS = 10
# Log topic of every function.
TOPIC = "a1b2c3d4-0000-4000-8000-000000000001"
# Concurrency of a large region that functions can reserve, in MB (583/45757).
MOST_RESERVED = 128000 - 12800


class Refusal(Exception):
    """An error response: a code and a sentence."""

    def __init__(self, code, sentence=""):
        super().__init__(sentence or code)
        self.code = code


def require(condition, code, sentence=""):
    if not condition:
        raise Refusal(code, sentence)


class Account:
    """The account. Each action of the API is a method with the parameters of the action."""

    def __init__(self):
        self.functions, self.roles, self.policies = {}, {}, {}
        self.next_id = 1000
        # What the functions return to Invoke, and the events of those calls.
        self.answer_of_function, self.events = {"RetMsg": "{}"}, []
        # Lines of the log topic, as SearchLog returns them.
        self.log = []

    def answer(self, action, parameters):
        """Returns the response to a call whose parameters conform to the models. Raises Refusal."""
        return getattr(self, action)(**parameters) or {}

    # Actions of cam.

    def GetRole(self, RoleName):
        role = self._role(RoleName)
        return {"RoleInfo": {key: value for key, value in role.items() if key != "Attached"}}

    def CreateRole(self, RoleName, PolicyDocument, Description=""):
        require(RoleName not in self.roles, "InvalidParameter.RoleNameInUse")
        self._principal(PolicyDocument)
        self.roles[RoleName] = {"RoleId": self._id(), "RoleName": RoleName, "PolicyDocument": PolicyDocument,
                                "Description": Description, "RoleType": "user", "Attached": set()}
        return {"RoleId": self.roles[RoleName]["RoleId"]}

    def UpdateAssumeRolePolicy(self, RoleName, PolicyDocument):
        self._principal(PolicyDocument)
        self._role(RoleName)["PolicyDocument"] = PolicyDocument

    def DeleteRole(self, RoleName):
        self._role(RoleName)
        users = [name for (_, name), function in self.functions.items() if function["Role"] == RoleName]
        require(not users, "FailedOperation", f"the role is used by {users}")
        del self.roles[RoleName]

    def ListPolicies(self, Scope, Keyword, Rp, Page):
        require(Scope == "Local" and 0 < Rp <= 200 and Page > 0, "InvalidParameter.ParamError")
        found = [policy for policy in self.policies.values() if Keyword in policy["PolicyName"]]
        page = found[(Page - 1) * Rp:Page * Rp]
        return {"TotalNum": len(found), "List": [without(policy, "PolicyDocument") for policy in page]}

    def GetPolicy(self, PolicyId):
        return without(self._policy(PolicyId=PolicyId), "PolicyId")

    def CreatePolicy(self, PolicyName, PolicyDocument, Description=""):
        require(not any(policy["PolicyName"] == PolicyName for policy in self.policies.values()),
                "FailedOperation.PolicyNameInUse")
        self._statements(PolicyDocument)
        policy = {"PolicyId": int(self._id()), "PolicyName": PolicyName, "PolicyDocument": PolicyDocument,
                  "Description": Description, "Type": 1}
        self.policies[policy["PolicyId"]] = policy
        return {"PolicyId": policy["PolicyId"]}

    def UpdatePolicy(self, PolicyDocument, **which):
        self._statements(PolicyDocument)
        policy = self._policy(**which)
        policy["PolicyDocument"] = PolicyDocument
        return {"PolicyId": policy["PolicyId"]}

    def DeletePolicy(self, PolicyId):
        for number in PolicyId:
            self._policy(PolicyId=number)
            for role in self.roles.values():
                role["Attached"].discard(number)
            del self.policies[number]

    def AttachRolePolicy(self, AttachRoleName, **which):
        self._role(AttachRoleName)["Attached"].add(self._policy(**which)["PolicyId"])

    def DetachRolePolicy(self, DetachRoleName, **which):
        self._role(DetachRoleName)["Attached"].discard(self._policy(**which)["PolicyId"])

    def ListAttachedRolePolicies(self, RoleName, Rp, Page):
        attached = sorted(self._role(RoleName)["Attached"])
        rows = [{"PolicyId": number, "PolicyName": self.policies[number]["PolicyName"], "PolicyType": "User"}
                for number in attached[(Page - 1) * Rp:Page * Rp]]
        return {"TotalNum": len(attached), "List": rows}

    # Actions of scf.

    def GetFunction(self, FunctionName, Namespace="default", ShowCode="FALSE"):
        function = self._function(FunctionName, Namespace)
        answer = {key: value for key, value in function.items() if not key.startswith("_")}
        if function["_pending"]:
            # The next GetFunction finds the change completed.
            function["_pending"] = False
        elif function["Status"] in ("Creating", "Updating"):
            function["Status"] = answer["Status"] = "Active"
        return answer

    def CreateFunction(self, FunctionName, Code, Role, MemorySize, Timeout, InitTimeout, Runtime, Handler, Namespace="default",
                       Environment=None, Description="", Type="Event", **_):
        require(Namespace == "default", "ResourceNotFound.Namespace")
        require((Namespace, FunctionName) not in self.functions, "ResourceInUse.FunctionName")
        require(re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,58}[A-Za-z0-9]", FunctionName), "InvalidParameterValue.FunctionName")
        require(re.fullmatch(r"[A-Za-z][\w-]*\.[A-Za-z][\w-]*", Handler), "InvalidParameterValue.Handler")
        require(Runtime == "CustomRuntime", "InvalidParameterValue.Runtime")
        function = {"FunctionName": FunctionName, "Namespace": Namespace, "Runtime": Runtime, "Handler": Handler, "Type": Type,
                    "ClsTopicId": TOPIC, "Status": "Creating", "StatusReasons": [], "_pending": True, "_triggers": [], "_reserved": None,
                    "_async": {"RetryConfig": [{"RetryNum": 2}, {"RetryNum": -1}], "MsgTTL": 21600}}
        self._configure(function, Role=Role, MemorySize=MemorySize, Timeout=Timeout, InitTimeout=InitTimeout,
                        Environment=Environment or {"Variables": []}, Description=Description)
        self._put_code(function, Code, 50)
        self.functions[Namespace, FunctionName] = function

    def UpdateFunctionCode(self, FunctionName, Code, Handler, Namespace="default", **_):
        function = self._function(FunctionName, Namespace, changing=True)
        self._put_code(function, Code, 20)
        function["Handler"] = Handler
        self._touch(function)

    def UpdateFunctionConfiguration(self, FunctionName, Namespace="default", Publish="FALSE", **settings):
        function = self._function(FunctionName, Namespace, changing=True)
        self._configure(function, **settings)
        self._touch(function)

    def DeleteFunction(self, FunctionName, Namespace="default"):
        self._function(FunctionName, Namespace, changing=True)
        del self.functions[Namespace, FunctionName]

    def GetFunctionEventInvokeConfig(self, FunctionName, Namespace="default"):
        return {"AsyncTriggerConfig": self._function(FunctionName, Namespace)["_async"]}

    def UpdateFunctionEventInvokeConfig(self, FunctionName, AsyncTriggerConfig, Namespace="default"):
        function = self._function(FunctionName, Namespace, changing=True)
        [retry] = AsyncTriggerConfig["RetryConfig"]
        require(0 <= retry["RetryNum"] <= 2, "LimitExceeded.RetryNum")
        require(0 < AsyncTriggerConfig["MsgTTL"] <= 21600, "LimitExceeded.MsgTTL")
        function["_async"] = {"RetryConfig": [retry, {"RetryNum": -1}], "MsgTTL": AsyncTriggerConfig["MsgTTL"]}

    def GetReservedConcurrencyConfig(self, FunctionName, Namespace="default"):
        return {"ReservedMem": self._function(FunctionName, Namespace)["_reserved"]}

    def PutReservedConcurrencyConfig(self, FunctionName, ReservedConcurrencyMem, Namespace="default"):
        function = self._function(FunctionName, Namespace, changing=True)
        others = sum(other["_reserved"] or 0 for other in self.functions.values() if other is not function)
        require(ReservedConcurrencyMem + others <= MOST_RESERVED, "LimitExceeded.FunctionReservedConcurrencyMemory")
        function["_reserved"] = ReservedConcurrencyMem

    def ListTriggers(self, FunctionName, Namespace="default", Offset=0, Limit=20):
        triggers = self._function(FunctionName, Namespace)["_triggers"]
        return {"TotalCount": len(triggers), "Triggers": triggers[Offset:Offset + Limit]}

    def CreateTrigger(self, FunctionName, TriggerName, Type, TriggerDesc="", Namespace="default", Qualifier="$LATEST",
                      Enable="OPEN", Description=""):
        function = self._function(FunctionName, Namespace, changing=True)
        if Type == "cos":
            domain = re.fullmatch(r"[a-z0-9-]+-\d+\.cos\.[a-z]+(-[a-z0-9]+)+\.myqcloud\.com", TriggerName)
            require(domain, "InvalidParameterValue.TriggerName")
            event, prefix, suffix = self._cos_desc(TriggerDesc)
            for other in self.functions.values():
                for trigger in other["_triggers"]:
                    if trigger["Type"] == "cos" and trigger["TriggerName"] == TriggerName:
                        other_event, other_prefix, other_suffix = self._cos_desc(trigger["TriggerDesc"])
                        conflict = overlap(prefix, other_prefix) and overlap(suffix[::-1], other_suffix[::-1])
                        require(event != other_event or not conflict, "InvalidParameterValue.CosNotifyRuleConflict")
        same = [one for one in function["_triggers"] if one["Type"] == Type]
        require(len(same) < MOST_TRIGGERS, "LimitExceeded.Trigger")
        trigger = {"TriggerName": TriggerName, "Type": Type, "TriggerDesc": TriggerDesc, "Qualifier": Qualifier,
                   "Enable": int(Enable == "OPEN"), "Description": Description, "BindStatus": "on"}
        function["_triggers"].append(trigger)
        return {"TriggerInfo": trigger}

    def DeleteTrigger(self, FunctionName, TriggerName, Type, Namespace="default", TriggerDesc=None, Qualifier="$LATEST"):
        function = self._function(FunctionName, Namespace, changing=True)
        require(TriggerDesc or Type != "cos", "InvalidParameterValue.TriggerDesc")
        description = self._cos_desc(TriggerDesc)
        for trigger in function["_triggers"]:
            if (trigger["TriggerName"], trigger["Type"], trigger["Qualifier"]) == (TriggerName, Type, Qualifier) \
                    and self._cos_desc(trigger["TriggerDesc"]) == description:
                function["_triggers"].remove(trigger)
                return
        raise Refusal("ResourceNotFound.Trigger")

    def Invoke(self, FunctionName, Namespace="default", InvocationType="RequestResponse", LogType="None", ClientContext="{}"):
        self._function(FunctionName, Namespace)
        self.events.append(parsed(ClientContext, "InvalidParameterValue.ClientContext"))
        require(InvocationType == "RequestResponse", "InvalidParameterValue.InvocationType")
        result = {"FunctionRequestId": "f-1", "InvokeResult": 0, "RetMsg": "", "ErrMsg": "", "Log": "", "MemUsage": 31 << 20,
                  "Duration": 41.5, "BillDuration": 42, **self.answer_of_function}
        return {"Result": result if LogType == "Tail" else {**result, "Log": ""}}

    # Actions of cls.

    def SearchLog(self, TopicId, From, To, QueryString, QuerySyntax, Sort, Limit, Context="0"):
        require(TopicId == TOPIC, "ResourceNotFound.TopicNotExist")
        require((QuerySyntax, Sort) == (1, "asc") and From < To and Limit <= 1000, "InvalidParameter")
        name = re.match(r'SCF_FunctionName:"([^"]+)"( AND \(.+\))?$', QueryString)
        require(name, "FailedOperation.SyntaxError")
        found = [line for line in self.log if From <= line["Time"] < To
                 and json.loads(line["LogJson"])["SCF_FunctionName"] == name[1]]
        found.sort(key=lambda line: line["Time"])
        begin = int(Context)
        return {"Results": found[begin:begin + Limit], "ListOver": begin + Limit >= len(found), "Context": str(begin + Limit),
                "Analysis": False}

    # Shared by several actions.

    def _id(self):
        self.next_id += 1
        return str(self.next_id)

    def _role(self, name):
        require(name in self.roles, "InvalidParameter.RoleNotExist")
        return self.roles[name]

    def _policy(self, PolicyId=None, PolicyName=None):
        for policy in self.policies.values():
            if PolicyId == policy["PolicyId"] or PolicyName == policy["PolicyName"]:
                return policy
        raise Refusal("InvalidParameter.PolicyIdNotExist")

    def _statements(self, text):
        document = parsed(text, "InvalidParameter.PolicyDocumentError")
        require(document.get("version") == "2.0" and document.get("statement"), "InvalidParameter.PolicyDocumentError")
        for statement in document["statement"]:
            require(set(statement) == {"effect", "action", "resource"}, "InvalidParameter.PolicyDocumentError")
            require(all(action.startswith("name/cos:") for action in statement["action"]), "InvalidParameter.ActionNotExist")
            for resource in statement["resource"]:
                require(re.match(r"qcs::cos:[a-z0-9-]+:uid/\d+:[a-z0-9-]+-\d+/", resource), "InvalidParameter.ResourceError")

    def _principal(self, text):
        [statement] = parsed(text, "InvalidParameter.PolicyDocumentError")["statement"]
        require(statement["principal"]["service"] and statement["action"] == "name/sts:AssumeRole",
                "InvalidParameter.PrincipalError")

    def _function(self, name, namespace, changing=False):
        function = self.functions.get((namespace, name))
        require(function, "ResourceNotFound.Function")
        require(not changing or function["Status"] == "Active", "FailedOperation.FunctionStatusError")
        return function

    def _touch(self, function):
        function["Status"], function["_pending"] = "Updating", True

    def _configure(self, function, **settings):
        memory, seconds = settings.get("MemorySize", 128), settings.get("Timeout", 3)
        require(memory == 64 or (128 <= memory <= 3072 and memory % 128 == 0), "InvalidParameterValue.Memory")
        require(1 <= seconds <= 900, "InvalidParameterValue.Timeout")
        require(3 <= settings.get("InitTimeout", 65) <= 300, "LimitExceeded.InitTimeout")
        require(re.fullmatch(r"[A-Za-z0-9 ,.\n]{0,1000}", settings.get("Description", "")), "InvalidParameterValue.Description")
        if "Role" in settings:
            require(settings["Role"] in self.roles, "FailedOperation.QcsRoleNotFound")
        variables = settings.get("Environment", {}).get("Variables", [])
        for variable in variables:
            require(variable["Key"] and variable["Value"], "InvalidParameterValue.EnvironmentValue")
            require(not variable["Key"].startswith(("SCF_", "QCLOUD_", "TENCENTCLOUD_")),
                    "InvalidParameterValue.EnvironmentSystemProtect")
        require(sum(len((one["Key"] + one["Value"]).encode()) for one in variables) <= 4096,
                "InvalidParameterValue.EnvironmentExceededLimit")
        function.update(settings)

    def _put_code(self, function, code, megabytes):
        try:
            content = base64.b64decode(code["ZipFile"], validate=True)
        except binascii.Error as error:
            raise Refusal("InvalidParameterValue.ZipFileBase64BinasciiError") from error
        require(len(content) <= megabytes * 1024 * 1024, "InvalidParameterValue.ZipFile")
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                mode = archive.getinfo("bootstrap").external_attr >> 16
        except (zipfile.BadZipFile, KeyError) as error:
            raise Refusal("InvalidParameterValue.ZipFile") from error
        require(mode & 0o111, "InvalidParameterValue.ZipFile", "bootstrap is not executable")
        function["CodeSize"], function["_code"] = len(content), content

    def _cos_desc(self, text):
        desc = parsed(text, "InvalidParameterValue.TriggerDesc")
        require(set(desc) <= {"event", "filter", "bucketUrl"} and "event" in desc, "InvalidParameterValue.TriggerDesc")
        filters = desc.get("filter", {})
        require(set(filters) <= {"Prefix", "Suffix"}, "InvalidParameterValue.TriggerDesc")
        return desc["event"], filters.get("Prefix", ""), filters.get("Suffix", "")


def overlap(one, other):
    """Returns whether some key can begin with both prefixes."""
    return one.startswith(other) or other.startswith(one)


def parsed(text, code):
    try:
        return json.loads(text)
    except (TypeError, ValueError) as error:
        raise Refusal(code) from error


def without(row, *names):
    return {key: value for key, value in row.items() if key not in names}
