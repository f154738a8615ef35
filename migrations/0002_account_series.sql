-- The account itself is one more series: the category without a name, which no tag can be. What the provider reports of
-- an account (GET /account/stats) goes through the same tables and rules as what it reports of a category.

alter table store.category drop constraint category_name_check;
alter table store.category add constraint category_name_check check (char_length(name) <= 255);
