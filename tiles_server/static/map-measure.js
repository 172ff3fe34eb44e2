// Measuring a way: points placed by pressing the map, or by Enter at its centre.

const SOURCE = "measured-way";
const EARTH = 6_371_008.8; // metres, mean radius

/** Metres along the points [longitude, latitude] on a sphere. */
export function lengthOf(points) {
  let metres = 0;
  for (let i = 1; i < points.length; i += 1) metres += between(points[i - 1], points[i]);
  return metres;
}

function between([x1, y1], [x2, y2]) {
  const rad = Math.PI / 180;
  const a = Math.sin(((y2 - y1) * rad) / 2) ** 2
    + Math.cos(y1 * rad) * Math.cos(y2 * rad) * Math.sin(((x2 - x1) * rad) / 2) ** 2;
  return 2 * EARTH * Math.asin(Math.sqrt(a));
}

export function sayLength(metres) {
  return metres < 1000 ? `${Math.round(metres)} m` : `${(metres / 1000).toFixed(2)} km`;
}

/** Connect the measuring button; while it is pressed the map's clicks are points of the way. */
export function connectMeasure(map, words, say) {
  const button = document.getElementById("tool-measure");
  if (!button) return;
  let points = null;

  function draw() {
    const features = points === null ? [] : [
      { type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: points } },
      { type: "Feature", properties: {}, geometry: { type: "MultiPoint", coordinates: points } },
    ];
    const data = { type: "FeatureCollection", features };
    if (map.getSource(SOURCE)) map.getSource(SOURCE).setData(data);
    else {
      map.addSource(SOURCE, { type: "geojson", data });
      map.addLayer({ id: SOURCE, type: "line", source: SOURCE, paint: { "line-color": "#111111", "line-width": 3, "line-dasharray": [2, 1] } });
      map.addLayer({ id: `${SOURCE}/points`, type: "circle", source: SOURCE, paint: { "circle-color": "#ffffff", "circle-radius": 5, "circle-stroke-color": "#111111", "circle-stroke-width": 2 } });
    }
    if (points?.length) {
      say(words.measured.replace("{length}", sayLength(lengthOf(points))).replace("{count}", points.length));
    }
  }

  function add(place) {
    points = [...points, [place.lng, place.lat]];
    draw();
  }

  button.addEventListener("click", () => {
    points = points === null ? [] : null;
    button.setAttribute("aria-pressed", String(points !== null));
    map.getContainer().dataset.measuring = String(points !== null);
    say(points === null ? "" : words.measureStart);
    draw();
  });
  map.on("click", (event) => { if (points !== null) add(event.lngLat); });
  map.getCanvas().addEventListener("keydown", (event) => {
    if (points !== null && event.key === "Enter") add(map.getCenter());
  });
}
