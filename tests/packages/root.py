"""A fresh Debian 12 in a folder, and systemd running in it, in namespaces of its own: mounts, processes, network,
cgroup. Made by mmdebstrap once for each set of dependencies (build/package-roots), then unpacked."""
import hashlib
import os
import re
import shutil
import subprocess
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
KEPT = os.path.join(ROOT, "build", "package-roots")
INCLUDED = "systemd,systemd-sysv,dbus,adduser,sudo,curl"
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")

# The first process of the namespaces: mounts what systemd expects, then becomes it.
BOOT = """set -e
mount --bind "$1" "$1"
mount -t proc proc "$1/proc"
mount -t sysfs -o ro sysfs "$1/sys"
mount -t cgroup2 cgroup2 "$1/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$1/run"
mount -t tmpfs -o mode=755 tmpfs "$1/dev"
mkdir "$1/dev/pts" "$1/dev/shm"
for name in %s; do touch "$1/dev/$name"; mount --bind "/dev/$name" "$1/dev/$name"; done
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$1/dev/pts"
ln -s pts/ptmx "$1/dev/ptmx"
ln -s /proc/self/fd "$1/dev/fd"
ip link set lo up
cd "$1"
pivot_root . mnt
umount -l /mnt
exec env -i container=millrace PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --show-status=no
""" % " ".join(DEVICES)


class Skipped(Exception):
    pass


def make_base(packages):
    """The tar of a root with the dependencies of these .deb files in apt's cache, so that apt needs no network."""
    for tool in ("mmdebstrap", "unshare", "nsenter", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise Skipped(f"{tool} is not installed")
    if os.geteuid() != 0:
        raise Skipped("needs root")
    needs = "".join(subprocess.check_output(["dpkg-deb", "-f", deb, "Depends", "Recommends"], text=True) for deb in packages)

    key = hashlib.sha256((INCLUDED + needs).encode()).hexdigest()[:16]
    base = os.path.join(KEPT, key + ".tar")
    if os.path.exists(base):
        return base
    os.makedirs(KEPT, exist_ok=True)
    part = base[:-len("tar")] + "part.tar"
    copies = " ".join(packages)
    made = subprocess.run(
        ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={INCLUDED}", "--skip=cleanup/apt",
         "--customize-hook=chroot \"$1\" apt-get clean",
         f"--customize-hook=mkdir \"$1/new\" && cp {copies} \"$1/new/\"",
         "--customize-hook=chroot \"$1\" sh -c 'apt-get install -o APT::Install-Recommends=true --download-only --yes /new/*.deb' >&2",
         "--customize-hook=rm -r \"$1/new\"", "bookworm", part],
        capture_output=True, text=True, timeout=900)
    if made.returncode != 0:
        raise Skipped("no Debian 12 can be made here (is the mirror reached?): " + made.stderr.strip()[-300:])
    os.rename(part, base)
    return base


def cgroup2():
    with open("/proc/mounts", encoding="utf-8") as mounts:
        for line in mounts:
            words = line.split()
            if words[2] == "cgroup2":
                return words[1]
    raise Skipped("no cgroup2 is mounted")


class Machine:
    """systemd in an unpacked root; `stop` ends all of its processes."""

    def __init__(self, base, folder):
        self.root = os.path.join(folder, "root")
        os.mkdir(self.root)
        subprocess.run(["tar", "-xf", base, "-C", self.root], check=True)
        for unit in ("console-getty", "systemd-resolved", "systemd-networkd", "apt-daily.timer", "apt-daily-upgrade.timer"):
            name = unit if "." in unit else unit + ".service"
            os.symlink("/dev/null", os.path.join(self.root, "etc/systemd/system", name))
        with open(os.path.join(self.root, "etc/hosts"), "w", encoding="utf-8") as hosts:
            hosts.write("127.0.0.1 localhost\n::1 localhost\n")
        self.cgroup = os.path.join(cgroup2(), f"millrace-packages-{os.getpid()}")
        os.mkdir(self.cgroup)
        enter = ['echo 0 > "$0/cgroup.procs" && exec unshare --mount --propagation private --pid --fork --kill-child '
                 '--uts --ipc --net --cgroup sh -c "$1" boot "$2"', self.cgroup, BOOT, self.root]
        self.log = open(os.path.join(folder, "systemd.log"), "w+", encoding="utf-8", errors="replace")
        self.process = subprocess.Popen(["sh", "-c", *enter], stdin=subprocess.DEVNULL, stdout=self.log,
                                        stderr=self.log)
        self.first = None
        self._await_systemd()

    def _await_systemd(self):
        end = time.monotonic() + 60
        while time.monotonic() < end and self.process.poll() is None:
            self.first = self._first_process()
            if self.first and self.run("systemctl is-system-running --wait").stdout.strip() in ("running", "degraded"):
                return
            time.sleep(0.2)
        self.log.seek(0)
        said = self.log.read()[-500:]
        self.stop()
        raise Skipped("systemd cannot run in namespaces here: " + said)

    def _first_process(self):
        children = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        try:
            with open(children, encoding="utf-8") as listed:
                words = listed.read().split()
            with open(f"/proc/{words[0]}/comm", encoding="utf-8") as name:
                return int(words[0]) if name.read().strip() == "systemd" else None
        except (OSError, IndexError):
            return None

    def run(self, command, answers="", timeout=120):
        """A command of a shell inside, in /root."""
        return subprocess.run(["nsenter", "--target", str(self.first), "--all", "env", "-i", "HOME=/root",
                               "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "sh", "-c",
                               "cd /root && " + command],
                              input=answers, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=timeout)

    def path(self, name):
        return os.path.join(self.root, name.lstrip("/"))

    def stop(self):
        self.process.kill()  # --kill-child ends the namespace with it
        self.process.wait()
        self.log.close()
        # The cgroup is empty a moment after the last process.
        for _ in range(100):
            try:
                for folder, _, _ in os.walk(self.cgroup, topdown=False):
                    os.rmdir(folder)
                return
            except OSError:
                time.sleep(0.05)
