"""A certificate authority for one test, by the openssl command."""
import os
import ssl
import subprocess

CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


class Authority:
    def __init__(self, folder, name="authority"):
        self.folder = folder
        self.ca, self.ca_key = self.path(name + ".pem"), self.path(name + ".key")
        openssl("req", "-x509", *CURVE, "-keyout", self.ca_key, "-out", self.ca, "-subj", f"/CN={name}",
                "-addext", "basicConstraints=critical,CA:TRUE")

    def path(self, name):
        return os.path.join(self.folder, name)

    def issue(self, name, common_name=None):
        """Creates name.pem and name.key for localhost; returns the paths of both."""
        certificate, key = self.path(name + ".pem"), self.path(name + ".key")
        openssl("req", "-x509", *CURVE, "-keyout", key + ".new", "-out", certificate + ".new",
                "-CA", self.ca, "-CAkey", self.ca_key, "-subj", f"/CN={common_name or name}",
                "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                "-addext", "basicConstraints=critical,CA:FALSE")
            # As renewals should: the new file replaces the old one by a rename.
        os.replace(key + ".new", key)
        os.replace(certificate + ".new", certificate)
        return certificate, key

    def issue_expired(self, name):
        """As issue(), for two days of the year 2020."""
        folder = self.path(name + ".issued")
        os.makedirs(folder)
        key, certificate, request = self.path(name + ".key"), self.path(name + ".pem"), self.path(name + ".csr")
        with open(os.path.join(folder, "index.txt"), "w"), open(os.path.join(folder, "serial"), "w") as serial, \
                open(os.path.join(folder, "ca.cnf"), "w") as settings:
            serial.write("01\n")
            settings.write(f"[ca]\ndefault_ca = it\n[it]\ndatabase = {folder}/index.txt\nserial = {folder}/serial\n"
                           f"new_certs_dir = {folder}\ndefault_md = sha256\npolicy = names\nx509_extensions = ends\n"
                           "[names]\ncommonName = supplied\n[ends]\nsubjectAltName = DNS:localhost,IP:127.0.0.1\n")
        openssl("req", "-new", *CURVE[:-2], "-keyout", key, "-out", request, "-subj", f"/CN={name}")
        openssl("ca", "-batch", "-notext", "-config", settings.name, "-cert", self.ca, "-keyfile", self.ca_key, "-in",
                request, "-out", certificate, "-startdate", "20200101000000Z", "-enddate", "20200103000000Z")
        return certificate, key

    def server_tls(self, name="server", **more):
        certificate, key = self.issue(name)
        return {"cert_file": certificate, "key_file": key, **more}

    def client_context(self, identity=None, alpn=("h2",)):
        context = ssl.create_default_context(cafile=self.ca)
        context.set_alpn_protocols(list(alpn))
        if identity:
            context.load_cert_chain(*identity)
        return context

    def server_context(self, client_ca=None, alpn=("h2",), name="backend"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.issue(name))
        context.set_alpn_protocols(list(alpn))
        if client_ca:
            context.load_verify_locations(client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
        return context


def name_of(certificate):
    """The common name in the result of getpeercert()."""
    return {name: value for part in certificate["subject"] for name, value in part}["commonName"]
