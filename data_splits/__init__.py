"""What is asked: cases, split manifests, image decoding, patient grouping, licences, content hashes."""
