"""Who makes the requests that Schemathesis generates."""

import os
import uuid

import requests
import schemathesis

SERVER = os.environ["MOSAIC_URL"]
PUBLIC = ["/auth/signup", "/auth/login"]
ONCE = ["/auth/logout", "/auth/sessions/{session_id}"]


@schemathesis.auth(refresh_interval=None).skip_for(path=[*PUBLIC, *ONCE])
class Seeded:
    """Somebody who was seeded, with a token that lasts."""

    def get(self, case, context):
        return os.environ["MOSAIC_TOKEN"]

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.auth(refresh_interval=None).apply_to(path=ONCE)
class LoggedInAnew:
    """Logs in for every request: these end log-ins, and the seeded one is to last."""

    def __init__(self):
        name = f"leaver-{uuid.uuid4().hex[:8]}"
        self.account = {"username": name, "password": "correct horse"}
        self._post("/auth/signup", {**self.account, "display_name": "Leaver"})

    def get(self, case, context):
        return self._post("/auth/login", self.account)["token"]

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"

    @staticmethod
    def _post(path, body):
        response = requests.post(SERVER + path, json=body, timeout=15)
        response.raise_for_status()
        return response.json()
