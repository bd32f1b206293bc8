"""Values that identify nothing, as data: what makers leave in firmware, and MACs that are not a card's own.

A value of one character, however often it is repeated, identifies nothing either.
"""

from __future__ import annotations

# Where a serial number or the like is expected. Spaces and punctuation do not count: `n/a` is `na`.
PLACEHOLDERS = frozenset(
    """
    none null nil na unknown undefined invalid empty blank test example sample oem
    notspecified notavailable notapplicable notpresent notset notsettable notdefined noassettag noassetinformation
    tobefilledbyoem filledbyoem fillbyoem default defaultstring defaultvalue standard evaluationboard uninitialized
    systemserialnumber systemserial serialnumber serial sernum sn systemproductname systemmanufacturer
    chassisserialnumber chassisserial baseboardserialnumber baseboardserial boardserialnumber boardserial
    mbserialnumber emptyserialnumber type1productconfigid ssn12345678901234567
    123 1234 12345 123456 1234567 12345678 123456789 1234567890 9876543210 asset1234567890
    01234567 012345678 0123456789 1234567890abcdef 0123456789abcdef
    virtual vmware qemu kvm
    """.split()  # noqa: SIM905 — a list to add to, not to read
)

# Whole UUIDs that mainboards were sold with by the thousand, without dashes. Each also in the other byte order.
UUIDS = frozenset(
    {
        "03000200040005000006000700080009",
        "00020003000400050006000700080009",
        "0123456789abcdef0123456789abcdef",
        "12345678123456781234567812345678",
        "12345678123412341234123456789012",
        "123456781234567890ab0cddeeffaabb",
        "01234567890123456789012345678901",
        "11111111222233334444555555555555",
    }
)

# MACs that a whole class of adapters shares or makes up, by their beginning (folded).
MAC_PREFIXES = (
    "0a0027",  # VirtualBox host-only adapter
    "005056c0",  # VMware host adapters, VMnet1 and VMnet8
    "001dd8b71c",  # Hyper-V default switch
    "0242",  # Docker: locally administered, and from the address
    "000000000000",
    "ffffffffffff",
    "01005e",  # multicast
    "3333",
    "444553540000",  # PPP adapter
    "505054503030",  # PPTP adapter
    "001122334455",
    "0123456789ab",
    "00005e0001",  # VRRP
)
