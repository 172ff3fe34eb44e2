CREATE EXTENSION IF NOT EXISTS postgis;
DROP TABLE IF EXISTS buildings;
CREATE TABLE buildings (
    id bigint PRIMARY KEY,
    number bigint,
    use text,
    floors integer,
    area double precision,
    year integer,
    geom geometry(Polygon, 4326)
);
