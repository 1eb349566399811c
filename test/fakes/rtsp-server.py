"""RTSP camera for tests: plays H.264 from a file over and over to whoever asks, on loopback.

Arguments as JSON: {"port": 0 or a number, "file": FILE, "path": "/cam", "user": null or NAME, "password": PASSWORD}.
Prints `port N` once it listens. With --check it only
finds out whether everything it needs is installed. The file is an MP4, or an MPEG-TS (.ts), whose picture may change its size in mid-stream.
Needs gir1.2-gst-rtsp-server-1.0, python3-gi and the GStreamer plugins base, good and bad.
"""
import json
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

Gst.init(None)
if sys.argv[1] == "--check":
    needed = ["filesrc", "qtdemux", "tsdemux", "h264parse", "rtph264pay"]
    sys.exit(0 if all(Gst.ElementFactory.find(name) for name in needed) else 1)
wanted = json.loads(sys.argv[1])
demux = "tsdemux" if wanted["file"].endswith(".ts") else "qtdemux"
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service(str(wanted["port"]))
factory = GstRtspServer.RTSPMediaFactory()
# Parameter sets before every key frame, so that a change of size reaches the client.
factory.set_launch(
    f'( filesrc location="{wanted["file"]}" ! {demux} ! h264parse config-interval=-1 '
    "! rtph264pay name=pay0 pt=96 config-interval=-1 )"
)
if wanted.get("user"):
    auth = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    auth.add_basic(GstRtspServer.RTSPAuth.make_basic(wanted["user"], wanted["password"]), token)
    server.set_auth(auth)
    factory.add_role_from_structure(
        Gst.Structure.new_from_string("viewer, media.factory.access=true, media.factory.construct=true")
    )
server.get_mount_points().add_factory(wanted["path"], factory)
if server.attach(None) == 0:
    sys.exit("the port is taken")
print(f"port {server.get_bound_port()}", flush=True)
GLib.MainLoop().run()
