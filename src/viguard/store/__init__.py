"""Files and databases that viguard keeps."""
