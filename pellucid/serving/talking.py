"""The WebSocket: one JSON a message, one reply.

Asked    {"id"?, "model"?, "top"?, "image": base64 of a picture's file} or {"id"?, "model"?, "inputs": [...]} as the
         Open Inference Protocol has them; or the bytes of a picture as a binary message
Replied  {"id"?, ...} and the task's answer, or `outputs`, or `error`
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec
from fastapi import WebSocket
from starlette.websockets import WebSocketDisconnect

from pellucid.serving.bodies import PLAIN_NAME
from pellucid.serving.refusals import Refused
from pellucid.serving.service import Service


class Message(msgspec.Struct):
    """What a client sends."""

    id: str | int | None = None
    model: str | None = None
    top: int | None = None
    image: str | None = None
    inputs: msgspec.Raw = msgspec.Raw()


READ = msgspec.json.Decoder(Message)


async def talk(connection: WebSocket, service: Service) -> None:
    """Answer messages until the other side closes."""
    await connection.accept()
    connection.scope["noted"]["messages"] = 0
    try:
        while True:
            message = await connection.receive()
            if message["type"] == "websocket.disconnect":
                return
            reply = await answer(message.get("text"), message.get("bytes"), service)
            connection.scope["noted"]["messages"] += 1
            await connection.send_text(msgspec.json.encode(reply).decode())
    except WebSocketDisconnect:
        return


async def answer(text: str | None, content: bytes | None, service: Service) -> dict[str, Any]:
    """The reply to one message."""
    asked = Message()
    try:
        with service.admission.place() as place:
            if text is not None:
                asked = parsed(text)
            version = service.models[asked.model]
            head = {} if asked.id is None else {"id": asked.id}
            if bytes(asked.inputs):
                found, _ = await service.infer(version, b'{"inputs":' + bytes(asked.inputs) + b"}", "", place)
                return {**found, **head}
            if content is None:
                content = picture_of(asked)
            top = service.settings.top if asked.top is None else max(1, asked.top)
            found = await service.predict(version, [(PLAIN_NAME, content)], top)
            return {**head, **found["predictions"][0],
                    **({"warnings": found["warnings"]} if found["warnings"] else {})}
    except Refused as why:
        return {**({} if asked.id is None else {"id": asked.id}), "error": why.sentence}


def parsed(text: str) -> Message:
    """A message. Raises Refused for other JSON."""
    try:
        return READ.decode(text)
    except (msgspec.MsgspecError, RecursionError, UnicodeEncodeError) as fault:
        raise Refused(400, f"The message is no JSON of a question: {' '.join(str(fault).split())[:200]}.") from None


def picture_of(asked: Message) -> bytes:
    """The picture in a message. Raises Refused where there is none."""
    if asked.image is None:
        raise Refused(400, "The message has neither 'image', base64 of a picture, nor 'inputs'.")
    try:
        return base64.b64decode(asked.image, validate=True)
    except (binascii.Error, ValueError):
        raise Refused(400, "'image' must be base64 of a picture's file.") from None
