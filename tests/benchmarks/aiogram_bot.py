"""The best peer: a bot of aiogram with the same conversation, its state in Redis, answering by requests.

Nothing of it is durable and there is no evidence. Run by path, with whatever Python has aiogram, redis and uvloop:
aiogram's pins exclude ours.
"""

import asyncio
import logging
import os

import uvloop
from aiogram import Bot, Dispatcher, F, Router
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State
from aiogram.fsm.storage.redis import RedisStorage
from aiogram.types import KeyboardButton, Message, ReplyKeyboardMarkup
from aiogram.webhook.aiohttp_server import SimpleRequestHandler
from aiohttp import web

_TEXT = "x" * 450
_KEYBOARD = ReplyKeyboardMarkup(keyboard=[[KeyboardButton(text="Yes, I agree"), KeyboardButton(text="No")]])

_FIRST, _SECOND, _SUBSCRIBED, _OUT = (State(name) for name in ("first", "second", "subscribed", "out"))


async def stop(message: Message, state: FSMContext) -> None:
    await state.set_state(_OUT)
    await state.update_data(given=[])
    await message.answer(_TEXT)


async def tell(message: Message, state: FSMContext) -> None:
    await state.get_data()
    await message.answer(_TEXT)


async def first_yes(message: Message, state: FSMContext) -> None:
    await state.set_state(_SECOND)
    await state.update_data(given=["order_updates"])
    await message.answer(_TEXT, reply_markup=_KEYBOARD)


async def second_yes(message: Message, state: FSMContext) -> None:
    await state.set_state(_SUBSCRIBED)
    await state.update_data(given=["order_updates", "offers"])
    await message.answer(_TEXT)


async def ask(message: Message, state: FSMContext) -> None:
    await state.set_state(_FIRST)
    await message.answer(_TEXT, reply_markup=_KEYBOARD)


def _router() -> Router:
    router = Router()
    router.message.register(stop, F.text == "STOP")
    router.message.register(tell, F.text.in_({"HELP", "PRIVACY", "CHOICES"}))
    router.message.register(first_yes, _FIRST, F.text == "YES")
    router.message.register(second_yes, _SECOND, F.text == "YES")
    router.message.register(ask)
    return router


async def _serve() -> None:
    logging.disable(logging.INFO)
    session = AiohttpSession(api=TelegramAPIServer.from_base(os.environ["TELEGRAM_URL"]))
    bot = Bot(os.environ["TELEGRAM_TOKEN"], session=session)
    dispatcher = Dispatcher(storage=RedisStorage.from_url(os.environ["REDIS_URL"]))
    dispatcher.include_router(_router())
    app = web.Application()
    # Not in the background: then a flood of updates runs out of connections to Redis, and updates are lost.
    handler = SimpleRequestHandler(
        dispatcher, bot, handle_in_background=False, secret_token=os.environ["TELEGRAM_SECRET"]
    )
    handler.register(app, "/telegram")
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(os.environ["PORT"])).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(_serve())
