"""Invokes a function through the official Python SDK, as a program uses the real cloud API.

Usage: python_sdk_scf.py PORT SECRET_ID SECRET_KEY SESSION_TOKEN. The function is data/bootstrap.py with 256 MB.
"""

import json
import sys

from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.scf.v20180416 import models
from tencentcloud.scf.v20180416.scf_client import ScfClient

PORT, SECRET_ID, SECRET_KEY, TOKEN = sys.argv[1:]
NAME = "cos-thumbnailer"


def client(region="ap-guangzhou", secret_id=SECRET_ID, secret_key=SECRET_KEY, token=TOKEN):
    http = HttpProfile(protocol="http", endpoint=f"127.0.0.1:{PORT}")
    return ScfClient(Credential(secret_id, secret_key, token), region, ClientProfile(httpProfile=http))


def request(kind, **members):
    made = kind()
    made.from_json_string(json.dumps({"FunctionName": NAME, **members}))
    return made


def event(action):
    return json.dumps({"do": action, "text": "图片"}, ensure_ascii=False)


def refused(code, call, argument):
    try:
        call(argument)
    except TencentCloudSDKException as error:
        assert error.get_code() == code, error
        return str(error)
    raise AssertionError(f"{code} was expected")


def synchronous(scf):
    result = scf.Invoke(request(models.InvokeRequest, ClientContext=event("answer"), LogType="Tail")).Result
    assert (result.InvokeResult, result.ErrMsg) == (0, ""), result
    assert json.loads(result.RetMsg)["request_id"] == result.FunctionRequestId
    assert "to standard error" in result.Log and result.MemUsage > 1 << 20, result
    assert 0 < result.Duration <= result.BillDuration, result
    result = scf.InvokeFunction(request(models.InvokeFunctionRequest, Event=event("error"))).Result
    assert (result.InvokeResult, result.RetMsg) == (430, ""), result
    assert json.loads(result.ErrMsg)["errorMessage"] == "it went wrong", result


def asynchronous(scf):
    invocation = request(models.InvokeRequest, InvocationType="Event", ClientContext=event("fail twice"))
    result = scf.Invoke(invocation).Result
    assert len(result.FunctionRequestId) == 36 and result.RetMsg == "", result


def description(scf):
    found = scf.GetFunction(request(models.GetFunctionRequest))
    assert (found.FunctionName, found.MemorySize, found.Status) == (NAME, 256, "Active"), found
    assert [variable.Key for variable in found.Environment.Variables] == ["COUNT_FILE"], found
    scf.PutReservedConcurrencyConfig(request(models.PutReservedConcurrencyConfigRequest, ReservedConcurrencyMem=1024))
    assert scf.GetReservedConcurrencyConfig(request(models.GetReservedConcurrencyConfigRequest)).ReservedMem == 1024


def mistakes(scf):
    unknown = request(models.InvokeRequest)
    unknown.FunctionName = "other"
    refused("ResourceNotFound.Function", scf.Invoke, unknown)
    refused("ResourceNotFound.Function", client(region="ap-shanghai").Invoke, request(models.InvokeRequest))
    refused("AuthFailure.SecretIdNotFound", client(secret_id="AKIDother").Invoke, request(models.InvokeRequest))
    refused("AuthFailure.TokenFailure", client(token=None).Invoke, request(models.InvokeRequest))
    message = refused("AuthFailure.SignatureFailure", client(secret_key="x").Invoke, request(models.InvokeRequest))
    assert "TC3-HMAC-SHA256" in message, message


def main():
    scf = client()
    synchronous(scf)
    description(scf)
    mistakes(scf)
    asynchronous(scf)
    print("all done")


main()
