"""What every domain stands on: settings, errors, home, warehouse, checked tables, pictures, cadences.

Add what two domains need and no domain knows. Never import a domain here.
"""
