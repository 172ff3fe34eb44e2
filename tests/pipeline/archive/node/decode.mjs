// Decodes vector tiles with @mapbox/vector-tile: base64 strings in a JSON array on standard input,
// one object of layers for each on standard output, coordinates in tile units as the wire has them.
import { readFileSync } from 'node:fs';
import { VectorTile } from '@mapbox/vector-tile';
import { PbfReader } from 'pbf';

function decodeFeature(feature) {
  return {
    id: feature.id ?? null,
    type: feature.type,
    properties: feature.properties,
    parts: feature.loadGeometry().map((line) => line.map((point) => [point.x, point.y])),
  };
}

function decodeLayer(layer) {
  const features = Array.from({ length: layer.length }, (_, i) => decodeFeature(layer.feature(i)));
  return { version: layer.version, extent: layer.extent, features };
}

const tiles = JSON.parse(readFileSync(0, 'utf-8')).map((encoded) => {
  const tile = new VectorTile(new PbfReader(Buffer.from(encoded, 'base64')));
  return Object.fromEntries(
    Object.entries(tile.layers).map(([name, layer]) => [name, decodeLayer(layer)]),
  );
});
process.stdout.write(JSON.stringify(tiles));
