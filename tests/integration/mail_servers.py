"""Postfix, Exim and OpenSMTPD side by side, each in a root of its own.

Debian installs only one of them, and their users and spools have fixed names. So ``.ci/run`` unpacks the packages into
``.cache/mail-servers``; here each is copied with the libraries it needs into a temporary folder and started in it with
chroot(2), with users that exist only there. They listen on 127.0.0.1 and send every message to our own server.
"""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from refusing_server import NAME_SERVER, SENDER_IP

TREES = Path(__file__).parents[2] / ".cache" / "mail-servers"
_PASSWD = """\
root:x:0:0:root:/root:/bin/sh
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
postfix:x:901:901::/var/spool/postfix:/usr/sbin/nologin
Debian-exim:x:903:903::/var/spool/exim4:/usr/sbin/nologin
opensmtpd:x:904:904::/var/lib/opensmtpd/empty:/usr/sbin/nologin
opensmtpq:x:905:905::/var/lib/opensmtpd/empty:/usr/sbin/nologin
"""
_GROUP = (
    "root:x:0:\nmail:x:8:\nnogroup:x:65534:\npostfix:x:901:\npostdrop:x:902:\nDebian-exim:x:903:\nopensmtpd:x:904:\n"
    "opensmtpq:x:905:\n"
)


@dataclass
class MailServer:
    """One that runs: ``port`` takes mail, ``log()`` is what it wrote."""

    root: Path
    port: int
    log_file: Path
    process: subprocess.Popen[bytes] | None = None
    syslog: Syslog | None = None
    extra: dict[str, str] = field(default_factory=dict)

    def log(self) -> bytes:
        return self.log_file.read_bytes() if self.log_file.exists() else b""

    def stop(self) -> None:
        """End it and all that it started: whatever runs in its root."""
        if self.process:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(10)
        for pid in _running_in(self.root):
            with suppress(ProcessLookupError):
                os.kill(pid, 9)
        if self.syslog:
            self.syslog.close()


class Syslog:
    """``/dev/log`` of a root: writes lines as a syslog daemon would, with the host's name in them."""

    def __init__(self, root: Path, file: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        (root / "dev").mkdir(exist_ok=True)
        # A path may have 108 characters only; /proc/self/fd keeps it short.
        folder = os.open(root / "dev", os.O_RDONLY)
        self._socket.bind(f"/proc/self/fd/{folder}/log")
        os.close(folder)
        (root / "dev/log").chmod(0o666)
        self._file = file.open("ab", buffering=0)
        threading.Thread(target=self._copy, daemon=True).start()

    def _copy(self) -> None:
        with suppress(OSError, ValueError):
            while data := self._socket.recv(65_536):
                text = data.partition(b">")[2].rstrip(b"\n\0")
                self._file.write(text[:16] + b"mx " + text[16:] + b"\n")

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._file.close()


def _running_in(root: Path) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                if (entry / "root").readlink() == root:
                    found.append(int(entry.name))
    return found


def new_root(name: str, root: Path) -> Path:
    """A folder that ``name`` can be started in; skips the test where that is not possible."""
    tree = TREES / name
    if not tree.is_dir():
        pytest.skip(f"{name} is not in {TREES}: .ci/run puts it there")
    if os.geteuid() != 0:
        pytest.skip("chroot(2) is for root")
    root = root.resolve()
    shutil.copytree(tree, root, symlinks=True, dirs_exist_ok=True)
    for folder in ("dev", "etc", "tmp", "run", "var/tmp", "var/log", "var/spool", "root", "lib64", "usr/lib"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "tmp").chmod(0o1777)
    root.chmod(0o755)
    if not (root / "var/run").exists():
        (root / "var/run").symlink_to("/run")
    _devices(root)
    (root / "etc/passwd").write_text(_PASSWD)
    (root / "etc/group").write_text(_GROUP)
    (root / "etc/hosts").write_text("127.0.0.1 localhost mx.sender.example mx\n")
    (root / "etc/nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files\nservices: files\n")
    (root / "etc/resolv.conf").write_text(f"nameserver {NAME_SERVER}\noptions timeout:1 attempts:1\n")
    (root / "etc/services").write_text("smtp 25/tcp mail\n")
    (root / "etc/mailname").write_text("mx.sender.example\n")
    _libraries(root)
    return root


def _devices(root: Path) -> None:
    for name, minor in (("null", 3), ("zero", 5), ("random", 8), ("urandom", 9)):
        path = root / "dev" / name
        try:
            os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, minor))
            path.chmod(0o666)
            path.open("rb").close()
        except OSError:
            # No devices on this file system: a file with chance in it does for what these servers want of them.
            path.unlink(missing_ok=True)
            path.write_bytes(b"" if name == "null" else os.urandom(65_536))
            path.chmod(0o666)


def _libraries(root: Path) -> None:
    """Copy what the programs are linked with, and the loader, to where they look for it."""
    own = root / "usr/lib/postfix"
    programs = [p for p in root.rglob("*") if p.is_file() and not p.is_symlink() and p.read_bytes()[:4] == b"\x7fELF"]
    found = subprocess.run(
        ["ldd", *programs], env={**os.environ, "LD_LIBRARY_PATH": str(own)}, capture_output=True, text=True, check=False
    )
    for line in set(found.stdout.replace("\t", "").splitlines()):
        words = line.split()
        path = next((word for word in words if word.startswith("/") and not word.endswith(":")), None)
        if path is None or path.startswith(str(root)):
            continue
        target = root / path.lstrip("/")
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)


def start(server: MailServer, argv: Sequence[str]) -> None:
    """Run ``argv`` in the root and wait until the port answers. Raises AssertionError with its words otherwise."""
    output = (server.root / "var/log/start").open("wb")
    server.process = subprocess.Popen(
        ["chroot", server.root, *argv], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "TZ": "UTC", "MAIL_CONFIG": "/etc/postfix"},
    )  # fmt: skip
    ready = threading.Event()
    for _ in range(150):
        # On a busy machine one is connected to before it says anything: asked again.
        with socket.socket() as probe, suppress(OSError):
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", server.port)) == 0 and probe.recv(3) == b"220":
                return
        if server.process.poll() is not None:
            break
        ready.wait(0.1)
    words = (server.root / "var/log/start").read_text(errors="replace") + server.log().decode(errors="replace")
    server.stop()
    raise AssertionError(f"{argv[0]} did not start: {words[-3000:]}")


def postfix(root: Path, port: int, relay_port: int, routes: Mapping[str, str]) -> MailServer:
    """Postfix that gives up on a message after five seconds."""
    root = new_root("postfix", root)
    spool = root / "var/spool/postfix"
    private = "active bounce corrupt defer deferred flush hold incoming private saved trace"
    for name, group, mode in (
        *((name, 0, 0o700) for name in private.split()), ("maildrop", 902, 0o1730), ("public", 902, 0o2710),
    ):  # fmt: skip
        (spool / name).mkdir(parents=True, exist_ok=True)
        os.chown(spool / name, 901, group)
        (spool / name).chmod(mode)
    (spool / "pid").mkdir(exist_ok=True)
    data = root / "var/lib/postfix"
    data.mkdir(parents=True, exist_ok=True)
    os.chown(data, 901, 901)
    etc = root / "etc/postfix"
    etc.mkdir(parents=True, exist_ok=True)
    (etc / "routes").write_text("".join(f"{name} smtp:[{ip}]:{relay_port}\n" for name, ip in routes.items()))
    (etc / "main.cf").write_text("""\
compatibility_level = 3.6
myhostname = mx.sender.example
mydestination =
local_recipient_maps =
alias_maps =
relay_domains = static:ALL
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
maillog_file = /var/log/mail.log
maillog_file_prefixes = /var
transport_maps = texthash:/etc/postfix/routes
smtp_dns_support_level = disabled
smtp_host_lookup = native
maximal_queue_lifetime = 5s
bounce_queue_lifetime = 1h
queue_run_delay = 2s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
smtpd_client_connection_count_limit = 0
smtpd_error_sleep_time = 0
smtp_connection_cache_on_demand = no
smtp_bind_address = 127.0.0.1
smtp_tls_security_level = none
in_flow_delay = 0
default_process_limit = 20
""")
    services = [f"127.0.0.1:{port} inet n - n - - smtpd"]
    for name, kind, extra in (
        ("cleanup", "unix", "n - n - 0 cleanup"), ("qmgr", "unix", "n - n 300 1 qmgr"),
        ("rewrite", "unix", "- - n - - trivial-rewrite"), ("bounce", "unix", "- - n - 0 bounce"),
        ("defer", "unix", "- - n - 0 bounce"), ("trace", "unix", "- - n - 0 bounce"),
        ("verify", "unix", "- - n - 1 verify"), ("proxymap", "unix", "- - n - - proxymap"),
        ("smtp", "unix", "- - n - - smtp"), ("relay", "unix", "- - n - - smtp"), ("error", "unix", "- - n - - error"),
        ("retry", "unix", "- - n - - error"), ("anvil", "unix", "- - n - 1 anvil"),
        ("postlog", "unix-dgram", "n - n - 1 postlogd"), ("flush", "unix", "n - n 1000? 0 flush"),
        ("showq", "unix", "n - n - - showq"),
    ):  # fmt: skip
        services.append(f"{name} {kind} {extra}")
    (etc / "master.cf").write_text("\n".join(services) + "\n")
    server = MailServer(root, port, root / "var/log/mail.log")
    start(server, ["/usr/lib/postfix/sbin/master", "-c", "/etc/postfix", "-d"])
    return server


def exim(root: Path, port: int, relay_port: int, routes: Mapping[str, str]) -> MailServer:
    """Exim that gives up two seconds after the first failure."""
    root = new_root("exim4-daemon-light", root)
    for name in ("var/spool/exim4", "var/log/exim4", "run/exim4"):
        (root / name).mkdir(parents=True, exist_ok=True)
        os.chown(root / name, 903, 903)
    (root / "usr/sbin/exim4").chmod(0o4755)
    (root / "etc/exim4").mkdir(parents=True, exist_ok=True)
    (root / "etc/exim4/routes").write_text("".join(f"{name}: {ip}\n" for name, ip in routes.items()))
    (root / "etc/exim4/exim4.conf").write_text(f"""\
primary_hostname = mx.sender.example
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
tls_advertise_hosts =
host_lookup =
rfc1413_hosts =
keep_environment =
log_file_path = /var/log/exim4/%slog
acl_smtp_rcpt = accept
smtp_accept_max = 100
smtp_accept_queue_per_connection = 0
queue_run_max = 8
never_users =
ignore_bounce_errors_after = 1m
begin routers
all:
  driver = manualroute
  route_data = ${{lookup{{$domain}}lsearch{{/etc/exim4/routes}}}}
  self = send
  transport = out
begin transports
out:
  driver = smtp
  port = {relay_port}
  hosts_avoid_tls = *
  allow_localhost
begin retry
* * F,1s,1s
""")
    server = MailServer(root, port, root / "var/log/exim4/mainlog")
    start(server, ["/usr/sbin/exim4", "-bdf", "-q1s"])
    return server


def opensmtpd(root: Path, port: int, relay_port: int, routes: Mapping[str, str]) -> MailServer:
    """OpenSMTPD whose messages live for fifteen seconds."""
    root = new_root("opensmtpd", root)
    empty = root / "var/lib/opensmtpd/empty"
    empty.mkdir(parents=True, exist_ok=True)
    (root / "var/empty").mkdir(parents=True, exist_ok=True)
    lines = [
        "bounce warn-interval 1s",
        "smtp limit max-mails 10000",
        "mta limit max-conn-per-source 3000",
        "mta limit session-keepalive 1",
    ]
    lines.append(f"listen on 127.0.0.1 port {port} hostname mx.sender.example")
    for number, (name, ip) in enumerate(routes.items()):
        life = "" if ip == SENDER_IP else " ttl 15s"
        lines.append(f'action "a{number}" relay host smtp://{ip}:{relay_port} helo mx.sender.example{life}')
        lines.append(f'match from any for domain "{name}" action "a{number}"')
    (root / "etc/smtpd.conf").write_text("\n".join(lines) + "\n")
    log = root / "var/log/mail.log"
    server = MailServer(root, port, log, syslog=Syslog(root, log))
    start(server, ["/usr/sbin/smtpd", "-F"])
    return server


Start = Callable[[Path, int, int, Mapping[str, str]], MailServer]
SERVERS: dict[str, Start] = {"postfix": postfix, "exim": exim, "opensmtpd": opensmtpd}
