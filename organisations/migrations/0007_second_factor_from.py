from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("organisations", "0004_names_of_columns"),
    ]

    operations = [
        migrations.AddField(
            model_name="organisation",
            name="second_factor_from",
            field=models.DateField(
                editable=False, null=True, verbose_name="tweede stap verplicht vanaf"
            ),
        ),
    ]
