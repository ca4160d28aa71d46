"""Who may ask, and how often."""

from dataclasses import dataclass

from face_service.settings.field import secret, setting
from face_service.settings.types import flag, hosts, number, origins, whole, words


@dataclass(frozen=True)
class AccessSettings:
    """Who may ask, and how often."""

    url_hosts: tuple[str, ...] = setting(
        (),
        hosts,
        "Hosts from which pictures are fetched by URL, separated by commas; none turns it off.",
    )
    url_timeout_seconds: float = setting(
        5.0, number(0.1, 60), "Time in which a picture must have been fetched by URL."
    )
    keys_on_legacy: bool = setting(
        True, flag, "Once API keys exist, the demos' routes need one even for their one slot."
    )
    rate_per_minute: int = setting(
        6000,
        whole(0, 10**9),
        "Requests a minute per API key, or per address without one (loopback exempt); "
        "0 sets no limit.",
    )
    lockout_failures: int = setting(
        10, whole(0, 1000), "Failed logins after which a subject is locked; 0 never locks."
    )
    lockout_seconds: int = setting(
        300, whole(1, 10**6), "Time in which failures count, and for which a subject is locked."
    )
    api_key: str = secret("Key that commands send with --server; the service itself needs none.")
    trusted_proxies: int = setting(
        0, whole(0, 10), "Proxies in front whose X-Forwarded-For is believed."
    )
    trusted_hosts: tuple[str, ...] = setting(
        (), words, "Names by which clients may address the service (Host); none allows any."
    )
    cors_origins: tuple[str, ...] = setting(
        (), origins, "Origins whose pages may call the API, separated by commas; none by default."
    )
