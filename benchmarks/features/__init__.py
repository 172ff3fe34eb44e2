"""Features by place, value and id: our server beside tipg and pygeoapi on PostGIS."""
