CREATE INDEX ON buildings USING gist (geom);
CREATE INDEX ON buildings (use);
CREATE INDEX ON buildings (area);
CREATE INDEX ON buildings (year, floors);
CLUSTER buildings USING buildings_geom_idx;
VACUUM ANALYZE buildings;
