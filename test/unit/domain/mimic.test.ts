import t from 'tap'
import { mimicOf } from '../../../src/domain/mimic.ts'

const names = {
  'mixed-scripts': ['аdmin', 'ЖаннаAnn', 'Жанна-Ann', 'Ann Жaнна', 'Ivan (Ивaн)', 'sуstem', 'ⅼⅰⅴе', 'aԁmin', 'ᏚYSTEM', 'ΑDMIN', 'ꓮꓓꓟꓲꓠ', '小雨Ж', '微xинь'],
  office: [
    'admin', 'ADMIN', 'ADM1N', 'r00t', 'Admin01', 'a d m i n', 'a.d.m.i.n', 'ａｄｍｉｎ', '𝐀𝐝𝐦𝐢𝐧', '𝕊upport', 'ádmin', 'adm\u0131n', 'ⓐⓓⓜⓘⓝ', 'ad\u200dmin', 'vip1admin', 'ᴀᴅᴍɪɴ', 'Root', 'system', 'ſystem', 'Site Support', 'official',
    '管理员', '管·理·员', '超级管理員', '【官方】小雨', '微信客服01', '小雨admin', '系统', 'а dmin', 'А D М I N', 'мой admin', 'Сайт (Support)', '⼯作人员', '腾讯', 'WeChat', 'wеchat'.replace('е', 'e'),
  ],
  address: [
    'evil.com', 'EVIL.COM', 'evil。com', 'evil․com', 'evil．com', '网站.中国', '网站.中国 小雨', '网站.公司', '小明.网络', 'example.com', 'abc.cn', 't.me', 'shop.co.uk', 'a.github.io', 'x.xn--fiqs8s', 'пример.рф', '小雨evil.com', 'evil.com/小雨', 'evil.com.', 'evil.com领奖', '加微evil.com领奖', 'evil.comです', 'evil.com입니다', 'a_b.com', 'евил.со', 'evil.c0m', 'evil.corn', 'evil.rnuseum', 'Y.Wang', 'Dr.No', 'www.x', 'http://x', 'https://x', 'a@b.cn', 'a＠b', '138 0013 8000', '138-0013-8000', '１３８００１３８０００', '①③⑧⓪⓪①③⑧⓪⓪⓪', 'vx13800138000',
    '+86(138)00138000', '1.2.3.4', '1.22.33.4', 'QQ1234567',
  ],
  null: [
    '', ' ', '小雨', 'Ann', '小明 👩‍🚀', '阿里木·买买提', 'J. R. R. Tolkien', 'J.R.R.Tolkien', 'J.Smith', 'Y. Wang', 'St.Pierre', 'A.I.', 'v2.0', '3.14', 'node.js', 'a.constructor', '.com', '小雨 .com', '♥.com', '小雨.领奖com', 'Dr. Wang', 'Иван (Ivan)', 'Жанна Ann', '李雷 Leo', 'Leo（李雷）', 'Badminton 王', 'Beetroot', 'Supporter', 'Ecosystems', '田中さくら Kana', '김철수 Kim', '陳ㄅ', 'Иван Петров', 'Ελένη', 'محمد', 'བསྟན་འཛིན', 'สมชาย',
    'José', 'Nguyễn Văn A', 'O\'Brien', '王 2', '李.四', 'Ann♥', '(´･ω･`)', 'ナナー', '々〇', '2026', '王小明123',
  ],
}

for (const [why, list] of Object.entries(names)) {
  await t.test(`mimic: the verdict is ${why} when the name is in that list`, async (t) => {
    for (const name of list) t.equal(String(mimicOf(name)), why, encodeURIComponent(name))
  })
}
