/**
 * Which users stand for all. Of a table without row numbers none can be drawn by lot, so users draw when they come: who
 * draws one of the 1,000 lowest ranks is in the sample, in the place of the highest. Every user is as likely to be in it
 * as every other, whatever the ids are, and stays in it.
 */
export const sampleSize = 1000

/** A place that nobody has is ranked behind all. */
const nobody = '(1 << 53)'
/** 62 bits, so that what is left of a division by less than 2^53 is even enough. */
const lot = '(random() & 0x3fffffffffffffff)'

/** A step of the migrations, so it is never edited once released. */
export const createUserSample = `
  CREATE TABLE user_sample (
    place   INTEGER PRIMARY KEY,
    rank    INTEGER NOT NULL,
    user_id TEXT UNIQUE
  ) STRICT;
  CREATE INDEX user_sample_ranks ON user_sample (rank);
  WITH RECURSIVE places (place) AS (VALUES (1) UNION ALL SELECT place + 1 FROM places WHERE place < ${sampleSize})
  INSERT INTO user_sample (place, rank) SELECT place, ${nobody} FROM places;

  CREATE TRIGGER user_drawn AFTER INSERT ON users
  WHEN ${lot} % ${nobody} < (SELECT max(rank) FROM user_sample)
  BEGIN
    UPDATE user_sample SET rank = ${lot} % rank, user_id = NEW.user_id
    WHERE place = (SELECT place FROM user_sample ORDER BY rank DESC LIMIT 1);
  END;
  CREATE TRIGGER user_gone AFTER DELETE ON users
  BEGIN
    UPDATE user_sample SET rank = ${nobody}, user_id = NULL WHERE user_id = OLD.user_id;
  END;

  -- Whoever is there already draws now.
  CREATE TEMP TABLE lots AS SELECT user_id, ${lot} % ${nobody} AS rank FROM users ORDER BY rank LIMIT ${sampleSize};
  UPDATE user_sample SET (rank, user_id) = (SELECT rank, user_id FROM lots WHERE lots.rowid = place)
  WHERE place <= (SELECT count(*) FROM lots);
  DROP TABLE lots;
`
