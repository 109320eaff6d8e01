from django.shortcuts import render


def act_page(pages, request, about, **content):
    """One act of staff on a row: what it is, and the form that asks for it."""
    context = {
        **pages.admin_site.each_context(request),
        "opts": pages.opts,
        "about": about,
        **content,
    }
    return render(request, "admin/applications/act.html", context)
