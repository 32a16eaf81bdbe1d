"""`viguard firewall`, as its user calls it."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from tests.cli.test_main import viguard

DEMO = Path(str(resources.files("viguard"))) / "content" / "demo"
ESTATE = (str(DEMO / "belnet.snap"), "--policy", str(DEMO / "policy.yaml"))
RULES = """*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -s 10.1.0.0/16 -d 10.2.0.0/16 -p tcp -m tcp --dport 443 -j ACCEPT
-A FORWARD -s 10.1.2.0/24 -d 10.2.0.0/16 -p tcp -m tcp --dport 443 -j ACCEPT
-A FORWARD -s 10.9.0.0/16 -m recent --rcheck --name seen -j ACCEPT
COMMIT
"""


def test_derive_says_what_passes_and_what_stays_closed() -> None:
    done = viguard("firewall", "derive", *ESTATE)
    assert done.returncode == 0, done.stderr
    assert "tcp/514 from " in done.stdout
    assert "firewall.roles.cim_client in the policy" in done.stdout


def test_levels_differ_by_packets() -> None:
    """The figures as printed lack the way from vCenter to the hosts, and have it the wrong way round."""
    done = viguard("firewall", "derive", *ESTATE, "--against", "printed")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    opened = [line for line in lines if "opened: tcp/902" in line]
    closed = [line for line in lines if "closed: tcp/902" in line]
    assert opened
    assert all("the default before, F2-09c now" in line for line in opened)
    assert closed
    assert all("F2-09 before" in line for line in closed)
    assert any("opened: udp/514" in line and "T-514c now" in line for line in lines)


def test_render_writes_whole_files(tmp_path: Path) -> None:
    made = tmp_path / "rules.nft"
    done = viguard("firewall", "render", *ESTATE, "--target", "nftables", "--output", str(made))
    assert done.returncode == 0, done.stderr
    text = made.read_text()
    assert text.startswith("table ip viguard\ndelete table ip viguard\n")
    assert "policy drop;" in text
    assert 'comment "T-514c: logs' in text


def test_check_finds_what_never_decides(tmp_path: Path) -> None:
    saved = tmp_path / "rules"
    saved.write_text(RULES)
    done = viguard("firewall", "check", str(saved))
    assert done.returncode == 3, done.stderr
    assert f"{saved}:6: FORWARD: shadowed ({saved}:5)" in done.stdout
    assert f"{saved}:7: FORWARD: not sure: it also looks at recent" in done.stdout


def test_diff_shows_packets(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text(RULES)
    new.write_text(RULES.replace("-s 10.1.0.0/16 -d", "-s 10.1.0.0/17 -d"))
    done = viguard("firewall", "diff", str(old), str(new))
    assert done.returncode == 3, done.stderr
    assert "FORWARD: at least: closed: tcp/443, as tcp from 10.1.128.0 port 49152 to 10.2.0.0 port 443" in done.stdout
    assert viguard("firewall", "diff", str(old), str(old)).stdout == "both let through the same\n"


def test_reach_names_the_rule(tmp_path: Path) -> None:
    saved = tmp_path / "rules"
    saved.write_text(RULES)
    done = viguard("firewall", "reach", "10.1.2.3", "10.2.0.9", "--rules", str(saved))
    assert done.returncode == 0, done.stderr
    assert f"FORWARD: at least: permit: tcp/443: {saved}:5: -A FORWARD -s 10.1.0.0/16" in done.stdout
    assert "FORWARD: at least: deny: " in done.stdout


def test_mistakes_say_what_to_do(tmp_path: Path) -> None:
    saved = tmp_path / "rules"
    saved.write_text("table ip filter {}")
    done = viguard("firewall", "check", str(saved))
    assert done.returncode == 2, done.stderr
    assert "it reads: iptables-save, nft -j list ruleset" in done.stderr
    saved.write_text(RULES)
    done = viguard("firewall", "reach", "10.1.2.3", "10.2.0.0/16", "--rules", str(saved))
    assert "10.2.0.0/16 is no single address of IPv4" in done.stderr
    done = viguard("firewall", "check", str(saved), "--at", "web")
    assert "there is no rule set 'web'; there are: INPUT, FORWARD" in done.stderr


IOS = """hostname core1
interface Vlan110
 ip address 193.190.110.1 255.255.255.0
 ip access-group WEB in
ip access-list extended WEB
 permit tcp any host 193.190.110.10 eq 443
 permit tcp any host 193.190.110.10 eq 443
"""
NFT = """{"nftables": [{"table": {"family": "ip", "name": "fw", "handle": 1}},
{"chain": {"family": "ip", "table": "fw", "name": "f", "handle": 1, "type": "filter", "hook": "forward", "prio": 0,
"policy": "drop"}}]}"""


def test_other_formats_are_known_by_their_text(tmp_path: Path) -> None:
    (tmp_path / "core.cfg").write_text(IOS)
    (tmp_path / "fw.json").write_text(NFT)
    done = viguard("firewall", "import", str(tmp_path / "core.cfg"))
    assert done.returncode == 0, done.stderr
    assert "Vlan110 in: IPv4, 2 rules, else deny, knows no answers" in done.stdout
    done = viguard("firewall", "check", str(tmp_path / "core.cfg"))
    assert "core.cfg:7: Vlan110 in: shadowed" in done.stdout.replace(str(tmp_path) + "/", "")
    done = viguard("firewall", "import", str(tmp_path / "fw.json"))
    assert "0 rules, else deny" in done.stdout, done.stderr


def test_verify_tells_what_is_open_beside_the_policy_and_what_is_closed_against_it() -> None:
    done = viguard("firewall", "verify", "--demo")
    assert done.returncode == 3, done.stderr
    lines = done.stdout.splitlines()
    san = [line for line in lines if line.startswith("open beside the policy: dmz-web to san: tcp/3260")]
    assert len(san) == 1
    assert "firewalls/core.cfg:69: permit ip 193.190.110.0 0.0.0.255 10.90.0.0 0.0.0.255" in san[0]
    mail = [line for line in lines if line.startswith("open beside the policy: dmz-mail to ")]
    assert len(mail) == 1
    assert "internal" in mail[0].partition(": tcp/25")[0]
    ldap = [line for line in lines if line.startswith("needed and closed: dmz-mail to internal: tcp/389")]
    assert len(ldap) == 1
    assert "firewalls/core.cfg:78: deny   ip any any" in ldap[0]
    assert not any("vmotion" in line for line in lines)  # no router is in it, as the policy says


def test_reach_over_the_estate_names_the_rules() -> None:
    done = viguard("firewall", "reach", "www1", "10.90.0.15", "--demo")
    assert done.returncode == 0, done.stderr
    first, *rest = done.stdout.splitlines()
    assert first == "open: www1 to 10.90.0.15, IPv4: tcp/3260"
    assert any(line.startswith("  passes: tcp/3260") and "core.cfg:111: permit tcp any" in line for line in rest)
    assert any(line.startswith("  stopped: ") and "core.cfg:114: deny   ip any any" in line for line in rest)


def test_reach_of_a_guest_that_nobody_knows() -> None:
    done = viguard("firewall", "reach", "www1", "vcentre1", "--demo")
    assert done.returncode == 2
    assert "no address of 'vcentre1' is known" in done.stderr
    assert "did you mean 'vcenter1'?" in done.stderr


def test_a_file_of_the_policy_that_is_not_there(tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text((DEMO / "policy.yaml").read_text())
    done = viguard("firewall", "verify", ESTATE[0], "--policy", str(policy))
    assert done.returncode == 2
    assert "firewalls/core.cfg cannot be read" in done.stderr
    assert f"{policy}:" in done.stderr


def test_an_audit_goes_on_without_a_file_of_the_policy(tmp_path: Path) -> None:
    """What routers saved is missing one night: the rest is judged, and what waits for it is unknown and says why."""
    policy = tmp_path / "policy.yaml"
    policy.write_text((DEMO / "policy.yaml").read_text())
    done = viguard("ask", ESTATE[0], "--policy", str(policy))
    assert "the rules of enforcement points are not judged: " in done.stderr
    assert "firewalls/core.cfg cannot be read" in done.stderr
    assert done.stdout.startswith("1. ") or "What level of firewalling" in done.stdout
