"""Detectors of personal information in the headings and values of what is to be published.

They are a second lock behind the allow-list: a hit on a published field blocks its layer until the
declaration waives it. What they find and miss is measured (docs/privacy.md); they prove nothing.
"""
