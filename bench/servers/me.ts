/** What the bare servers answer: the same JSON as `/me`, by the same serializer. */
import { Type } from '@sinclair/typebox'

export const Me = Type.Object({
  user_id: Type.String(),
  username: Type.String(),
  email: Type.Union([Type.String(), Type.Null()]),
  role: Type.String(),
  message: Type.String(),
})

export const me = {
  user_id: 'user-2',
  username: 'maria',
  email: null,
  role: 'user',
  message: 'You used a valid access token',
}
