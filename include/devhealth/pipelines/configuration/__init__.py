"""What an organisation is, as one YAML document: read, compared with what is stored, applied whole or not at all."""
