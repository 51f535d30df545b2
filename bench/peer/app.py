"""The peer: the design of Mosaic's delivery, written the way it is usually written in Python.

PostgreSQL holds the messages and hands out their positions; Redis carries each message to `chat:{user_id}`; one
subscriber connection an instance listens for the users whose sockets are here. The frames are those of
docs/PROTOCOL.md, as far as a load needs them: `welcome`, `send`, `ack`, `message`. Any token is let in.

Nothing here is slow on purpose: uvloop, httptools and hiredis do what they do best, a message is one statement
and one transaction on a pooled connection, both publications share a round trip, and each frame is encoded once.
"""

import asyncio
import json
import os
from collections import defaultdict
from contextlib import asynccontextmanager
from datetime import datetime, timezone
from uuid import UUID, uuid4

import asyncpg
import redis.asyncio as redis
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

POOL = 16

SCHEMA = """
CREATE TABLE conversations (
    user_lo uuid NOT NULL, user_hi uuid NOT NULL, last_seq bigint NOT NULL, PRIMARY KEY (user_lo, user_hi)
);
CREATE TABLE messages (
    id uuid PRIMARY KEY, client_id uuid NOT NULL, sender_id uuid NOT NULL, receiver_id uuid NOT NULL,
    content text NOT NULL, seq bigint NOT NULL, created_at timestamptz NOT NULL, read_at timestamptz,
    UNIQUE (sender_id, client_id)
);
CREATE UNIQUE INDEX idx_messages_conversation
    ON messages (LEAST(sender_id, receiver_id), GREATEST(sender_id, receiver_id), seq DESC);
"""

# The counter's row is locked until the commit, so positions become visible in order and without holes.
INSERT = """
WITH counter AS (
    INSERT INTO conversations AS c (user_lo, user_hi, last_seq)
    VALUES (LEAST($3::uuid, $4::uuid), GREATEST($3::uuid, $4::uuid), 1)
    ON CONFLICT (user_lo, user_hi) DO UPDATE SET last_seq = c.last_seq + 1 RETURNING last_seq
)
INSERT INTO messages (id, client_id, sender_id, receiver_id, content, seq, created_at)
SELECT $1, $2, $3, $4, $5, last_seq, $6 FROM counter RETURNING *
"""

FIND = "SELECT * FROM messages WHERE sender_id = $1 AND client_id = $2"


class Hub:
    """The sockets of this instance, and the one subscription that feeds them."""

    def __init__(self, connection: redis.Redis) -> None:
        self.redis = connection
        self.pubsub = connection.pubsub(ignore_subscribe_messages=True)
        self.sockets: dict[str, set["Device"]] = defaultdict(set)

    async def join(self, device: "Device") -> None:
        self.sockets[device.user_id].add(device)
        await self.pubsub.subscribe(f"chat:{device.user_id}")

    async def leave(self, device: "Device") -> None:
        devices = self.sockets[device.user_id]
        devices.discard(device)
        if not devices:
            del self.sockets[device.user_id]
            await self.pubsub.unsubscribe(f"chat:{device.user_id}")

    async def publish(self, message: dict, origin: str) -> None:
        payload = json.dumps({"type": "message", "message": message, "origin": origin})
        async with self.redis.pipeline(transaction=False) as pipeline:
            pipeline.publish(f"chat:{message['receiver_id']}", payload)
            pipeline.publish(f"chat:{message['sender_id']}", payload)
            await pipeline.execute()

    async def listen(self) -> None:
        # A channel of its own, so that the connection stands before the first user comes.
        await self.pubsub.subscribe("chat:nobody")
        while True:
            heard = await self.pubsub.get_message(timeout=None)
            if heard is None:
                continue
            user_id = heard["channel"].removeprefix("chat:")
            origin = json.loads(heard["data"])["origin"]
            for device in tuple(self.sockets.get(user_id, ())):
                if device.id != origin:
                    device.queue.put_nowait(heard["data"])


class Device:
    """One socket: what waits for it, and who it belongs to."""

    def __init__(self, user_id: str, websocket: WebSocket) -> None:
        self.id = str(uuid4())
        self.user_id = user_id
        self.websocket = websocket
        self.queue: asyncio.Queue[str] = asyncio.Queue()

    async def write(self) -> None:
        while True:
            await self.websocket.send_text(await self.queue.get())

    def say(self, frame: dict) -> None:
        self.queue.put_nowait(json.dumps(frame))


def utc_now() -> datetime:
    return datetime.now(timezone.utc)


def message_of(row: asyncpg.Record) -> dict:
    return {
        "id": str(row["id"]),
        "client_id": str(row["client_id"]),
        "sender_id": str(row["sender_id"]),
        "receiver_id": str(row["receiver_id"]),
        "content": row["content"],
        "seq": row["seq"],
        "created_at": row["created_at"].isoformat(),
        "read_at": row["read_at"] and row["read_at"].isoformat(),
    }


@asynccontextmanager
async def lifespan(app: FastAPI):
    app.state.pool = await asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=POOL, max_size=POOL)
    await app.state.pool.execute(SCHEMA)
    connection = redis.from_url(os.environ["REDIS_URL"], decode_responses=True)
    app.state.hub = Hub(connection)
    listener = asyncio.create_task(app.state.hub.listen())
    yield
    listener.cancel()
    await connection.aclose()
    await app.state.pool.close()


app = FastAPI(lifespan=lifespan)


async def store(sender_id: UUID, frame: dict) -> tuple[dict, bool]:
    client_id, receiver_id = UUID(frame["client_id"]), UUID(frame["receiver_id"])
    async with app.state.pool.acquire() as db:
        try:
            row = await db.fetchrow(INSERT, uuid4(), client_id, sender_id, receiver_id, frame["content"], utc_now())
            return message_of(row), False
        except asyncpg.UniqueViolationError:
            return message_of(await db.fetchrow(FIND, sender_id, client_id)), True


async def read(device: Device) -> None:
    sender_id = UUID(device.user_id)
    while True:
        frame = json.loads(await device.websocket.receive_text())
        if frame["type"] != "send":
            continue
        message, duplicate = await store(sender_id, frame)
        device.say({"type": "ack", "client_id": message["client_id"], "duplicate": duplicate, "message": message})
        await app.state.hub.publish(message, device.id)


@app.websocket("/messages/ws/{user_id}")
async def connect(websocket: WebSocket, user_id: UUID, token: str) -> None:
    await websocket.accept()
    device = Device(str(user_id), websocket)
    await app.state.hub.join(device)
    writer = asyncio.create_task(device.write())
    try:
        device.say(
            {
                "type": "welcome",
                "user_id": device.user_id,
                "server_time": utc_now().isoformat(),
                "conversations": [],
            }
        )
        await read(device)
    except WebSocketDisconnect:
        pass
    finally:
        writer.cancel()
        await app.state.hub.leave(device)
