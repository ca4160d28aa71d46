"""What must keep working beneath gevent's monkey-patching: native threads and their signals."""
