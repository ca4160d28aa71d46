"""What people would use instead of this service: installed, started and asked alike."""
