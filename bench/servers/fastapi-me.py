"""
`/me` as the two tutorials write it with FastAPI: a token is verified each time. `/me` takes the user from a dictionary,
`/users/me` from the database, by the dependency `get_current_user`. Nothing is revoked, nothing is logged.
"""
import os
import sqlite3

import jwt
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import OAuth2PasswordBearer

SECRET = os.environ["JWT_SECRET_KEY"]
ISSUER = os.environ["PUBLIC_URL"]
MESSAGE = "You used a valid access token"

users = {"user-2": {"user_id": "user-2", "username": "maria", "email": None, "role": "user"}}
database = sqlite3.connect(":memory:", check_same_thread=False)
database.execute("CREATE TABLE users (user_id TEXT PRIMARY KEY, username TEXT, email TEXT, role TEXT)")
database.executemany("INSERT INTO users VALUES (:user_id, :username, :email, :role)", users.values())

app = FastAPI()
bearer = OAuth2PasswordBearer(tokenUrl="token")


def subject_of(token: str) -> str:
    try:
        return jwt.decode(token, SECRET, algorithms=["HS256"], audience=ISSUER, issuer=ISSUER)["sub"]
    except jwt.InvalidTokenError:
        raise HTTPException(401, "Invalid token", {"WWW-Authenticate": "Bearer"})


async def get_current_user(token: str = Depends(bearer)) -> dict:
    names = ("user_id", "username", "email", "role")
    row = database.execute("SELECT user_id, username, email, role FROM users WHERE user_id = ?", (subject_of(token),))
    return dict(zip(names, row.fetchone()))


@app.get("/me")
async def me(token: str = Depends(bearer)) -> dict:
    return {**users[subject_of(token)], "message": MESSAGE}


@app.get("/users/me")
async def users_me(user: dict = Depends(get_current_user)) -> dict:
    return {**user, "message": MESSAGE}


@app.get("/health/live")
async def live() -> dict:
    return {"status": "live"}
