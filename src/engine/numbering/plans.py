#!/usr/bin/env python3
"""Writes plans.tsv, the numbering plans of all countries, from the metadata of libphonenumber (Apache-2.0).

    pip install phonenumbers==9.0.42    # the metadata version that the crate rlibphonenumber names
    python3 plans.py > plans.tsv

One line per country code, fields separated by tabs: the code; the lengths of national numbers, comma-separated; a
pattern for what is dialled before them inside the country only, or nothing; a pattern for whole national numbers of any
kind in any of the code's regions. A test compares the result with the crate: it fails when the two no longer agree.
"""
import sys

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

KINDS = ("fixed_line mobile toll_free premium_rate shared_cost voip personal_number pager uan voicemail").split()


def metadata(code, region):
    if region == "001":
        return PhoneMetadata.metadata_for_nongeo_region(code)
    return PhoneMetadata.metadata_for_region(region)


def plan(code, regions):
    lengths, prefixes, patterns = set(), set(), set()
    for every in (metadata(code, region) for region in regions):
        if every.national_prefix_for_parsing:
            prefixes.add(every.national_prefix_for_parsing)
        for kind in (getattr(every, name) for name in KINDS):
            if kind and kind.national_number_pattern:
                patterns.add(kind.national_number_pattern)
                own = kind.possible_length or every.general_desc.possible_length
                lengths.update(n for n in own if n > 0)
    return sorted(lengths), "|".join(sorted(prefixes)), "|".join(sorted(patterns))


def main():
    for code, regions in sorted(COUNTRY_CODE_TO_REGION_CODE.items()):
        lengths, prefixes, patterns = plan(code, regions)
        sys.stdout.write("%d\t%s\t%s\t%s\n" % (code, ",".join(map(str, lengths)), prefixes, patterns))


main()
